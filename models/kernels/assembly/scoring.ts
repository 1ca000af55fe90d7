// Scores of every title for one viewer, as logits.
import * as at from "./layout";
import { floats, rowOf } from "./layout";
import * as net from "./network";
import { projectRows } from "./rows";

/** Every title's half of the first layer; to be called once after the weights have changed. */
export function projectTitles(thread: i32): void {
  net.useScratch(thread);
  const bytes: usize = <usize>at.pairWidth << 2;
  for (let start: i32 = 0; start < at.titles; start += at.BLOCK) {
    const n = min(at.BLOCK, at.titles - start);
    memory.fill(net.rowGradient, 0, <usize>at.BLOCK * bytes);
    for (let r: i32 = 0; r < n; r++) {
      memory.copy(net.rowGradient + <usize>r * bytes, rowOf(at.titleSide.table, start + r), bytes);
    }
    projectRows(at.titleSide, (n + 3) & ~3, net.rowGradient, floats(at.allHalves, start * at.hidden1));
  }
}

/** Writes the scores of all titles and returns where they lie. */
export function scoreTitles(viewer: i32, thread: i32): usize {
  net.useScratch(thread);
  const out = at.scores + <usize>thread * (<usize>(at.titles + at.BLOCK) << 2);
  const row = rowOf(at.viewerSide.table, viewer);
  memory.fill(net.rowGradient, 0, <usize>(4 * at.pairWidth) << 2);
  memory.copy(net.rowGradient, row, <usize>at.pairWidth << 2);
  projectRows(at.viewerSide, 4, net.rowGradient, net.rowMlp);
  const deep = (at.parts & at.MLP) !== 0;
  for (let start: i32 = 0; start < at.titles; start += at.BLOCK) {
    const n = min(at.BLOCK, at.titles - start);
    if (deep) {
      for (let r: i32 = 0; r < n; r++) net.join(r, net.rowMlp, floats(at.allHalves, (start + r) * at.hidden1));
      net.perceptron(net.padded(n));
    }
    for (let r: i32 = 0; r < n; r++) {
      f32.store(floats(out, start + r), net.logit(r, row, rowOf(at.titleSide.table, start + r)));
    }
  }
  return out;
}

// Scores of every title for one viewer, as logits.
import * as at from "./layout";
import { floats, rowOf } from "./layout";
import * as net from "./network";

/** Writes the scores of all titles and returns where they lie. */
export function scoreTitles(viewer: i32, thread: i32): usize {
  net.useScratch(thread);
  const out = at.scores + <usize>thread * (<usize>(at.titles + at.BLOCK) << 2);
  const viewerRow = rowOf(at.viewerRows, viewer);
  for (let start: i32 = 0; start < at.titles; start += at.BLOCK) {
    const n = min(at.BLOCK, at.titles - start);
    for (let r: i32 = 0; r < n; r++) net.gather(r, viewerRow, rowOf(at.titleRows, start + r));
    net.perceptron(net.padded(n));
    for (let r: i32 = 0; r < n; r++) {
      f32.store(floats(out, start + r), net.logit(r, viewerRow, rowOf(at.titleRows, start + r)));
    }
  }
  return out;
}

// Examples of a batch: each positive followed by titles its viewer has not watched. What is drawn depends on the
// seed and the positive only, never on the thread.
import * as at from "./layout";
import { floats } from "./layout";

/** Draws after which a viewer who has watched nearly everything gets a watched title as a negative. */
const MAX_DRAWS: i32 = 64;

// @ts-ignore: decorator
@inline
function scramble(x: u32): u32 {
  x ^= x >> 16;
  x *= 0x7feb352d;
  x ^= x >> 15;
  x *= 0x846ca68b;
  x ^= x >> 16;
  return x;
}

/** Has the viewer watched the title? Binary search in the viewer's sorted titles. */
function hasSeen(viewer: i32, title: i32): bool {
  let low = load<i32>(floats(at.seenStart, viewer));
  let high = load<i32>(floats(at.seenStart, viewer + 1)) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = load<i32>(floats(at.seenTitle, middle));
    if (found === title) return true;
    if (found < title) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

/** Fills examples from `example` on with the positives `from`..`to` of the epoch's order and their negatives. */
export function sample(from: i32, to: i32, negatives: i32, seed: u32, example: i32): void {
  let e = example;
  for (let k = from; k < to; k++) {
    const positive = load<i32>(floats(at.order, k));
    const viewer = load<i32>(floats(at.positiveViewer, positive));
    store<i32>(floats(at.viewerSide.example, e), viewer);
    store<i32>(floats(at.titleSide.example, e), load<i32>(floats(at.positiveTitle, positive)));
    f32.store(floats(at.exampleTarget, e), f32.load(floats(at.positiveWeight, positive)));
    e++;
    let state: u32 = scramble(seed ^ scramble(<u32>positive * 2654435761));
    for (let n: i32 = 0; n < negatives; n++) {
      let title: i32 = 0;
      let draws: i32 = 0;
      do {
        state = scramble(state + 0x9e3779b9);
        title = <i32>((<u64>state * <u64>at.titles) >> 32);
      } while (++draws < MAX_DRAWS && hasSeen(viewer, title));
      store<i32>(floats(at.viewerSide.example, e), viewer);
      store<i32>(floats(at.titleSide.example, e), title);
      f32.store(floats(at.exampleTarget, e), 0);
      e++;
    }
  }
}

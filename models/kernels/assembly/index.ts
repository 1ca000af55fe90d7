// What the trainer calls. Addresses are read once, after `plan`. Sides are 0 for viewers, 1 for titles.
import * as adam from "./adam";
import * as at from "./layout";
import * as rows from "./rows";

export { plan } from "./layout";
export { sample } from "./sampling";
export { backward } from "./gradient";
export { stepDense, turnWeights } from "./adam";
export { projectTitles, scoreTitles } from "./scoring";

// @ts-ignore: decorator
@inline
function sideOf(side: i32): at.Side { return side === 0 ? at.viewerSide : at.titleSide; }

export function indexSide(side: i32, batch: i32): void { rows.indexSide(sideOf(side), batch); }
export function projectSide(side: i32, thread: i32, threads: i32): void {
  rows.projectSide(sideOf(side), thread, threads);
}
export function stepSide(side: i32, shard: i32, thread: i32, rate: f32, correction: f32, decay: f32): void {
  adam.stepSide(sideOf(side), sideOf(1 - side), shard, thread, rate, correction, decay);
}

export function shardCount(): i32 { return at.SHARDS; }
export function denseCount(): i32 { return at.denseCount; }
export function addressOfSync(): usize { return at.sync; }
export function addressOfRows(side: i32): usize { return sideOf(side).table; }
export function addressOfSlots(side: i32): usize { return sideOf(side).slot; }
export function addressOfExamples(side: i32): usize { return sideOf(side).example; }
export function addressOfTargets(): usize { return at.exampleTarget; }
export function addressOfDense(): usize { return at.dense; }
export function addressOfDenseGradient(): usize { return at.denseGradient; }
export function addressOfPositiveViewers(): usize { return at.positiveViewer; }
export function addressOfPositiveTitles(): usize { return at.positiveTitle; }
export function addressOfPositiveWeights(): usize { return at.positiveWeight; }
export function addressOfOrder(): usize { return at.order; }
export function addressOfSeenStarts(): usize { return at.seenStart; }
export function addressOfSeenTitles(): usize { return at.seenTitle; }

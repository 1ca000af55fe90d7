// What the trainer calls. Addresses are read once, after `plan`.
import * as at from "./layout";

export { plan } from "./layout";
export { sample } from "./sampling";
export { backward } from "./gradient";
export { stepDense, stepEmbeddings, turnWeights } from "./adam";
export { scoreTitles } from "./scoring";

export function shardCount(): i32 { return at.SHARDS; }
export function denseCount(): i32 { return at.denseCount; }
export function addressOfSync(): usize { return at.sync; }
export function addressOfViewerRows(): usize { return at.viewerRows; }
export function addressOfTitleRows(): usize { return at.titleRows; }
export function addressOfDense(): usize { return at.dense; }
export function addressOfDenseGradient(): usize { return at.denseGradient; }
export function addressOfViewerGradient(): usize { return at.viewerGradient; }
export function addressOfTitleGradient(): usize { return at.titleGradient; }
export function addressOfExamples(): usize { return at.exampleViewer; }
export function addressOfViewerSlots(): usize { return at.viewerSlot; }
export function addressOfTitleSlots(): usize { return at.titleSlot; }
export function addressOfPositiveViewers(): usize { return at.positiveViewer; }
export function addressOfPositiveTitles(): usize { return at.positiveTitle; }
export function addressOfPositiveWeights(): usize { return at.positiveWeight; }
export function addressOfOrder(): usize { return at.order; }
export function addressOfSeenStarts(): usize { return at.seenStart; }
export function addressOfSeenTitles(): usize { return at.seenTitle; }

// Linear models: what their jobs call. Memory is the caller's; every function takes addresses.
export { factorDiagonal, invertFactor, multiplyBack, solvePanel, updateRest } from "./cholesky";
export { countTogether, weighTogether } from "./ease";
export { addShards, gramOfShard, solveRows } from "./als";
export { planPairs, walkPairs } from "./pairs";

export function heapBase(): usize { return __heap_base; }

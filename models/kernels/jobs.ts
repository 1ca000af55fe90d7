/** What the threads of a pool do together: each job's steps, with barriers where one needs what another made. */

export type LinearKernels = {
  heapBase(): number
  factorDiagonal(...args: number[]): void
  solvePanel(...args: number[]): void
  updateRest(...args: number[]): void
  invertFactor(...args: number[]): void
  multiplyBack(...args: number[]): void
  countTogether(...args: number[]): void
  weighTogether(...args: number[]): void
  gramOfShard(...args: number[]): void
  addShards(...args: number[]): void
  solveRows(...args: number[]): void
  planPairs(...args: number[]): void
  walkPairs(...args: number[]): number
}

type Turn = {
  readonly kernels: LinearKernels
  readonly thread: number
  readonly threads: number
  /** Goes on when all threads are here. */
  readonly wait: () => void
}
type Steps = (turn: Turn, args: readonly number[]) => number | undefined

/** Rows and columns of a tile; the kernels' own number. */
export const TILE = 64
/** Sums over rows are cut into this many, whatever the number of threads. */
export const SHARDS = 16

type N = number
const args5 = (args: readonly N[]) => args as [N, N, N, N, N]
const args8 = (args: readonly N[]) => args as [N, N, N, N, N, N, N, N]

export const jobs = {
  /** Counts of titles watched together; args as the kernel's without the last two. */
  countTogether: ({ kernels, thread, threads }, args) => {
    kernels.countTogether(...args, thread, threads)
    return undefined
  },

  /**
   * Inverts the matrix in place: matrix, size, result, inverses, scratch (a panel, then two tiles a thread). A matrix
   * that is not positive definite comes out as NaN.
   */
  invert: ({ kernels, thread, threads, wait }, args) => {
    const [matrix, size, result, inverses, scratch] = args5(args)
    const panel = scratch
    const own = scratch + TILE * size * 8 + thread * 2 * TILE * TILE * 8
    for (let k = 0; k < size / TILE; k++) {
      if (thread === 0) kernels.factorDiagonal(matrix, size, k, inverses)
      wait()
      kernels.solvePanel(matrix, size, k, inverses, panel, own, thread, threads)
      wait()
      kernels.updateRest(matrix, size, k, panel, thread, threads)
      wait()
    }
    kernels.invertFactor(matrix, size, inverses, result, own, thread, threads)
    wait()
    kernels.multiplyBack(result, size, matrix, thread, threads)
    return undefined
  },

  weighTogether: ({ kernels, thread, threads }, args) => {
    kernels.weighTogether(...args, thread, threads)
    return undefined
  },

  /**
   * One side of ALS: the gram of the others, then every row. Args: rows, width, factors, others, otherRows, sums, gram,
   * weight of what was not watched, then the kernel's from `penalties` to `scratch` (three rows a thread).
   */
  solveSide: ({ kernels, thread, threads, wait }, args) => {
    const [rows, width, factors, others, otherRows, sums, gram, unobserved] = args8(args)
    for (let shard = thread; shard < SHARDS; shard += threads) {
      kernels.gramOfShard(others, otherRows, width, shard, SHARDS, sums)
    }
    wait()
    if (thread === 0) kernels.addShards(sums, width, SHARDS, unobserved, gram)
    wait()
    const lists = args.slice(8, -1)
    const scratch = (args.at(-1) as number) + thread * 3 * width * 4
    kernels.solveRows(rows, width, factors, others, gram, ...lists, scratch, thread, threads)
    return undefined
  },

  planPairs: ({ kernels, thread }, args) => {
    if (thread === 0) kernels.planPairs(...args)
    return undefined
  },
  /** Steps depend on one another: one thread walks. Answers the summed loss. */
  walkPairs: ({ kernels, thread }, args) => (thread === 0 ? kernels.walkPairs(...args) : 0),
} satisfies Record<string, Steps>

export type JobName = keyof typeof jobs

/**
 * How fast implicit ALS learns, against the `implicit` package on the same plays and threads, same width, epochs and
 * steps of conjugate gradients: MovieLens-1M's size, made by seed.
 * needs: a Python with implicit, named by PYTHON. Without one our own figures are told alone.
 * usage: npm run bench -- train-als [--threads 2] [--rounds 3] [--share 1]
 */
import { benchSolver } from '#bench/learning/solver.ts'
import { als } from '#models/als/als.ts'

export const bench = (): Promise<Record<string, unknown>> =>
  benchSolver({
    bench: 'train-als',
    kind: als,
    settings: als.defaults,
    modules: ['numpy', 'scipy', 'implicit'],
    against: "implicit's AlternatingLeastSquares",
    slower: 3,
  })

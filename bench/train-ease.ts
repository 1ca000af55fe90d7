/**
 * How fast EASE is solved, against numpy (its LAPACK) on the same plays and threads: MovieLens-1M's size, made by seed.
 * needs: a Python with numpy and scipy, named by PYTHON. Without one our own figures are told alone.
 * usage: npm run bench -- train-ease [--threads 2] [--rounds 3] [--share 1]
 */
import { benchSolver } from '#bench/learning/solver.ts'
import { ease } from '#models/ease/ease.ts'

export const bench = (): Promise<Record<string, unknown>> =>
  benchSolver({
    bench: 'train-ease',
    kind: ease,
    settings: ease.defaults,
    modules: ['numpy', 'scipy'],
    against: 'numpy.linalg.inv of the same matrix',
    slower: 3,
  })

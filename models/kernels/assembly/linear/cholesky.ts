// The inverse of a symmetric positive definite matrix by tiles: A = L Lt, W = L^-1, A^-1 = Wt W. Each tile is computed
// by one thread from tiles that are finished, so the number of threads changes no bit. The caller keeps threads in step.
import { product, turn } from "./product";

/** Rows and columns of a tile. Matrices are padded to a multiple of it. */
export const TILE: i32 = 64;
const TILE_BYTES: usize = <usize>TILE * <usize>TILE * 8;

// @ts-ignore: decorator
@inline
function tile(matrix: usize, size: i32, row: i32, column: i32): usize {
  return matrix + (<usize>(row * TILE) * <usize>size + <usize>(column * TILE) << 3);
}

// @ts-ignore: decorator
@inline
function at(matrix: usize, size: i32, row: i32, column: i32): usize {
  return matrix + (<usize>row * <usize>size + <usize>column << 3);
}

/** Factors the diagonal tile `k` in place and writes the inverse of its factor. What is not positive becomes NaN. */
export function factorDiagonal(matrix: usize, size: i32, k: i32, inverses: usize): void {
  const a = tile(matrix, size, k, k);
  for (let j: i32 = 0; j < TILE; j++) {
    let sum = f64.load(at(a, size, j, j));
    for (let p: i32 = 0; p < j; p++) {
      const x = f64.load(at(a, size, j, p));
      sum -= x * x;
    }
    const pivot = Math.sqrt(sum);
    f64.store(at(a, size, j, j), pivot);
    for (let i: i32 = j + 1; i < TILE; i++) {
      let rest = f64.load(at(a, size, i, j));
      for (let p: i32 = 0; p < j; p++) rest -= f64.load(at(a, size, i, p)) * f64.load(at(a, size, j, p));
      f64.store(at(a, size, i, j), rest / pivot);
    }
  }
  const inverse = inverses + <usize>k * TILE_BYTES;
  memory.fill(inverse, 0, TILE_BYTES);
  for (let j: i32 = 0; j < TILE; j++) {
    f64.store(at(inverse, TILE, j, j), 1 / f64.load(at(a, size, j, j)));
    for (let i: i32 = j + 1; i < TILE; i++) {
      let sum: f64 = 0;
      for (let p: i32 = j; p < i; p++) sum -= f64.load(at(a, size, i, p)) * f64.load(at(inverse, TILE, p, j));
      f64.store(at(inverse, TILE, i, j), sum / f64.load(at(a, size, i, i)));
    }
  }
}

/** The tiles below diagonal tile `k` that are this thread's: A_ik = A_ik L_kk^-t, and its turned copy for the update. */
export function solvePanel(matrix: usize, size: i32, k: i32, inverses: usize, panel: usize, scratch: usize,
                           thread: i32, threads: i32): void {
  const turned = scratch;
  const solved = scratch + TILE_BYTES;
  turn(TILE, TILE, inverses + <usize>k * TILE_BYTES, TILE, turned, TILE);
  const tiles = size / TILE;
  for (let i = k + 1 + thread; i < tiles; i += threads) {
    const a = tile(matrix, size, i, k);
    memory.fill(solved, 0, TILE_BYTES);
    product(TILE, TILE, TILE, a, size, 1, turned, TILE, solved, TILE, 1);
    for (let r: i32 = 0; r < TILE; r++) {
      memory.copy(at(a, size, r, 0), at(solved, TILE, r, 0), <usize>TILE << 3);
    }
    turn(TILE, TILE, solved, TILE, panel + (<usize>(i * TILE) << 3), size);
  }
}

/** What remains right of column `k`: A_ij -= A_ik A_jk^t, the tiles that are this thread's. */
export function updateRest(matrix: usize, size: i32, k: i32, panel: usize, thread: i32, threads: i32): void {
  const tiles = size / TILE;
  let turnOf: i32 = 0;
  for (let i = k + 1; i < tiles; i++) {
    const a = tile(matrix, size, i, k);
    for (let j = k + 1; j <= i; j++) {
      if (turnOf++ % threads !== thread) continue;
      product(TILE, TILE, TILE, a, size, 1, panel + (<usize>(j * TILE) << 3), size, tile(matrix, size, i, j), size, -1);
    }
  }
}

/** W = L^-1, the columns of tiles that are this thread's. */
export function invertFactor(matrix: usize, size: i32, inverses: usize, result: usize, scratch: usize,
                             thread: i32, threads: i32): void {
  const tiles = size / TILE;
  for (let j = thread; j < tiles; j += threads) {
    for (let r: i32 = 0; r < TILE; r++) {
      memory.copy(at(tile(result, size, j, j), size, r, 0),
                  at(inverses + <usize>j * TILE_BYTES, TILE, r, 0), <usize>TILE << 3);
    }
    for (let i = j + 1; i < tiles; i++) {
      memory.fill(scratch, 0, TILE_BYTES);
      for (let p = j; p < i; p++) {
        product(TILE, TILE, TILE, tile(matrix, size, i, p), size, 1, tile(result, size, p, j), size, scratch, TILE, 1);
      }
      const target = tile(result, size, i, j);
      for (let r: i32 = 0; r < TILE; r++) memory.fill(at(target, size, r, 0), 0, <usize>TILE << 3);
      product(TILE, TILE, TILE, inverses + <usize>i * TILE_BYTES, TILE, 1, scratch, TILE, target, size, -1);
    }
  }
}

/** matrix = Wt W, both halves, the tiles that are this thread's. */
export function multiplyBack(factor: usize, size: i32, matrix: usize, thread: i32, threads: i32): void {
  const tiles = size / TILE;
  let turnOf: i32 = 0;
  for (let i: i32 = 0; i < tiles; i++) {
    for (let j: i32 = 0; j <= i; j++) {
      if (turnOf++ % threads !== thread) continue;
      const target = tile(matrix, size, i, j);
      for (let r: i32 = 0; r < TILE; r++) memory.fill(at(target, size, r, 0), 0, <usize>TILE << 3);
      for (let p = i; p < tiles; p++) {
        product(TILE, TILE, TILE, tile(factor, size, p, i), 1, size, tile(factor, size, p, j), size, target, size, 1);
      }
      if (i !== j) turn(TILE, TILE, target, size, tile(matrix, size, j, i), size);
    }
  }
}

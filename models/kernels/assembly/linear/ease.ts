// EASE^R: counts of titles watched together, and the weights read off the inverse.

/**
 * matrix = Xt X + penalty I over 0/1 plays; rows of this thread. `titleStarts`/`titleViewers` list the viewers of a
 * title, `viewerStarts`/`viewerTitles` the titles of a viewer. Rows past `titles` are those of the identity.
 */
export function countTogether(titles: i32, size: i32, titleStarts: usize, titleViewers: usize,
                              viewerStarts: usize, viewerTitles: usize, penalty: f64, matrix: usize,
                              thread: i32, threads: i32): void {
  for (let title = thread; title < size; title += threads) {
    const row = matrix + (<usize>title * <usize>size << 3);
    memory.fill(row, 0, <usize>size << 3);
    const diagonal = row + (<usize>title << 3);
    if (title >= titles) {
      f64.store(diagonal, 1);
      continue;
    }
    const end = load<i32>(titleStarts + (<usize>(title + 1) << 2));
    for (let k = load<i32>(titleStarts + (<usize>title << 2)); k < end; k++) {
      const viewer = load<i32>(titleViewers + (<usize>k << 2));
      const last = load<i32>(viewerStarts + (<usize>(viewer + 1) << 2));
      for (let p = load<i32>(viewerStarts + (<usize>viewer << 2)); p < last; p++) {
        const cell = row + (<usize>load<i32>(viewerTitles + (<usize>p << 2)) << 3);
        f64.store(cell, f64.load(cell) + 1);
      }
    }
    f64.store(diagonal, f64.load(diagonal) + penalty);
  }
}

/** weights[i][j] = -P[i][j] / P[j][j], zero on the diagonal, as 32-bit numbers; rows of this thread. */
export function weighTogether(titles: i32, size: i32, inverse: usize, weights: usize, thread: i32, threads: i32): void {
  for (let i = thread; i < titles; i += threads) {
    const from = inverse + (<usize>i * <usize>size << 3);
    const to = weights + (<usize>i * <usize>titles << 2);
    for (let j: i32 = 0; j < titles; j++) {
      const pivot = f64.load(inverse + (<usize>j * <usize>size + <usize>j << 3));
      f32.store(to + (<usize>j << 2), i === j ? 0 : <f32>(-f64.load(from + (<usize>j << 3)) / pivot));
    }
  }
}

// Pieces of JSON: strings without escapes, numbers that are exact, values to pass over.

/** The closing quote of printable ASCII text that begins at `p`; 0 when it holds anything else. Reads 16 bytes at once. */
export function closingQuote(p: usize): usize {
  for (;;) {
    const v = v128.load(p);
    const stop = v128.or(
      v128.or(i8x16.eq(v, i8x16.splat(0x22)), i8x16.eq(v, i8x16.splat(0x5C))),
      v128.or(i8x16.lt_u(v, i8x16.splat(0x20)), i8x16.gt_u(v, i8x16.splat(0x7E))),
    );
    const mask = i8x16.bitmask(stop);
    if (mask != 0) {
      const q = p + ctz(mask);
      return load<u8>(q) == 0x22 ? q : 0;
    }
    p += 16;
  }
  return 0;
}

export function equal(a: usize, b: usize, size: u32): bool {
  let i: u32 = 0;
  for (; i + 8 <= size; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
  if (i == size) return true;
  const mask = (<u64>1 << (<u64>(size - i) << 3)) - 1;
  return ((load<u64>(a + i) ^ load<u64>(b + i)) & mask) == 0;
}

const TENS: usize = memory.data<f64>([1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15]);

export let parsed: f64 = 0;
/**
 * Into `parsed`; the place after it, or 0. Up to 15 digits and no exponent: such a number and the power of ten below it
 * are both exact, so that one division rounds it right (W. D. Clinger, How to read floating point numbers accurately, 1990).
 */
export function number(begin: usize): usize {
  let p = begin;
  let c: u32 = load<u8>(p);
  if (c == 0x30) {
    const next: u32 = load<u8>(p + 1);
    if (next - 0x30 < 10) return 0;
  }
  let n: u64 = 0;
  let d: u32 = c - 0x30;
  while (d < 10) {
    n = n * 10 + d;
    d = <u32>load<u8>(++p) - 0x30;
  }
  let digits = <u32>(p - begin);
  if (digits == 0 || digits > 15) return 0;
  c = load<u8>(p);
  parsed = <f64>n;
  if (c == 0x2E) {
    const from = ++p;
    d = <u32>load<u8>(p) - 0x30;
    while (d < 10) {
      n = n * 10 + d;
      d = <u32>load<u8>(++p) - 0x30;
    }
    const places = <u32>(p - from);
    if (places == 0 || digits + places > 15) return 0;
    parsed = <f64>n / load<f64>(TENS + (<usize>places << 3));
    c = load<u8>(p);
  }
  return c == 0x65 || c == 0x45 ? 0 : p;
}

/** After a value of any shape, which the long way reads again: only its end must be found. 0 when it has none. */
export function skipValue(begin: usize, last: usize): usize {
  let p = begin;
  let depth: i32 = 0;
  while (p < last) {
    const c = load<u8>(p);
    if (c == 0x22) {
      p = skipText(p + 1, last);
      if (p == 0) return 0;
      if (depth == 0) return p;
      continue;
    }
    if (c == 0x7B || c == 0x5B) depth++;
    else if (c == 0x7D || c == 0x5D) {
      if (depth == 0) return p;
      depth--;
      if (depth == 0) return p + 1;
    } else if (c == 0x2C && depth == 0) return p;
    p++;
  }
  return 0;
}

function skipText(begin: usize, last: usize): usize {
  let p = begin;
  while (p < last) {
    const c = load<u8>(p);
    if (c == 0x22) return p + 1;
    p += c == 0x5C ? 2 : 1;
  }
  return 0;
}

// What tells an event from another: the print of its payload and two hashes of its id. The very numbers that
// pipelines/event-shape.ts and pipelines/recent-events.ts work out for events read the long way.
import * as at from "./layout";

const PRIME: u32 = 0x01000193;
const KIND_MASK: u32 = 7;
const FLAG: u32 = 2;
const WORD: u32 = 3;
const TOLD: u32 = 16;
const NULL: u8 = 2;

/** Of the events 0 to `count`, with the seed of each type in SEEDS. `tenant` is the hash of the tenant's id. */
export function tell(count: u32, tenant: u32): void {
  for (let event: u32 = 0; event < count; event++) {
    store<u32>(at.PRINTS + 4 * event, printOf(event));
    hashId(event, tenant);
  }
}

function printOf(event: u32): u32 {
  const form: usize = at.FORMS + at.FORM_BYTES * load<u32>(at.FORM_OF + 4 * event);
  let print = load<u32>(at.SEEDS + 4 * load<u32>(form));
  const fields = load<u32>(form, 4);
  let field = form + 8;
  for (let i: u32 = 0; i < fields; i++, field += at.FIELD_BYTES) {
    const kind = load<u32>(field, 8);
    if (!(kind & TOLD)) continue;
    const cell = load<u32>(field, 12) * at.MAX_EVENTS + event;
    const value = load<f64>(at.VALUES + 8 * cell);
    if (load<u8>(at.STATES + cell) == NULL) print = ofBytes(ofByte(ofByte(print, 0x7B), 0x7D), 2);
    else if ((kind & KIND_MASK) == FLAG) print = ofFlag(print, value != 0);
    else if ((kind & KIND_MASK) == WORD) {
      const word: usize = at.WORDS + at.WORD_BYTES * <u32>value;
      print = ofText(print, load<u32>(word), load<u32>(word, 4));
    } else print = ofNumber(print, value);
  }
  return print;
}

function ofByte(hash: u32, byte: u32): u32 { return (hash ^ byte) * PRIME; }
function ofBytes(hash: u32, size: u32): u32 { return (hash ^ size) * PRIME; }

function ofFlag(hash: u32, value: bool): u32 {
  if (value) return ofBytes(ofByte(ofByte(ofByte(ofByte(hash, 0x74), 0x72), 0x75), 0x65), 4);
  return ofBytes(ofByte(ofByte(ofByte(ofByte(ofByte(hash, 0x66), 0x61), 0x6C), 0x73), 0x65), 5);
}

function ofText(hash: u32, from: usize, size: u32): u32 {
  for (let i: u32 = 0; i < size; i++) hash = ofByte(hash, load<u8>(from + i));
  return ofBytes(hash, size);
}

function ofNumber(hash: u32, value: f64): u32 {
  const whole = Math.trunc(value);
  if (whole == value && value <= <f64>i32.MAX_VALUE) return (hash ^ <u32>value) * PRIME;
  const low = <u32><i64>whole;
  const high = <u32><i64>(whole / 4294967296.0);
  const mixed = ((hash ^ low) * PRIME) ^ high;
  return (mixed ^ <u32><i64>((value - whole) * 2147483647.0)) * PRIME;
}

function hashId(event: u32, tenant: u32): void {
  const entry = load<u32>(at.ID_AT + 4 * event);
  const size: u32 = load<u8>(entry);
  const id: usize = entry + 1;
  let a: u32 = tenant ^ 0x2c1b3c6d;
  let b: u32 = tenant;
  const even = size & ~1;
  for (let i: u32 = 0; i < even; i += 2) {
    a = (a ^ load<u8>(id + i)) * PRIME;
    b = (b ^ load<u8>(id + i + 1)) * 0x297a2d39;
  }
  if (even != size) a = (a ^ load<u8>(id + even)) * PRIME;
  const row: u32 = (a ^ ((b << 15) | (b >>> 17))) * 0x2c1b3c6d;
  const kept: u32 = (b ^ ((a << 13) | (a >>> 19))) * 0x297a2d39;
  store<u32>(at.HASHES + 8 * event, row ^ (row >>> 15));
  store<u32>(at.HASHES + 8 * event, (kept ^ (kept >>> 13)) | 1, 4);
}

// Text that is said again and again: each word has a number, the same in every batch until all are forgotten.
import * as at from "./layout";
import { equal } from "./json";

let count: u32 = 0;
let textEnd: u32 = at.TEXT;

export function wordCount(): u32 { return count; }

/** Room for text that stays: keys and types. Its address, or 0 when there is none. */
export function addWordText(size: u32): u32 {
  if (textEnd + size > at.TEXT + at.TEXT_BYTES) return 0;
  const address = textEnd;
  textEnd += size;
  wordsFrom = textEnd;
  return address;
}

let wordsFrom: u32 = at.TEXT;
/** The text of words goes, that of keys and types stays: those are added only while there are no words. */
export function forgetWords(): void {
  count = 0;
  textEnd = wordsFrom;
  memory.fill(at.BUCKETS, 0, 4 * at.BUCKET_COUNT);
  memory.fill(at.LAST_WORDS, 0, 4 * at.MAX_SLOTS);
}

function isWord(p: usize, size: u32, word: u32): bool {
  const entry: usize = at.WORDS + at.WORD_BYTES * word;
  return load<u32>(entry, 4) == size && equal(p, load<u32>(entry), size);
}

/** The number of the word; -1 when there is no room for another. Neighbours mostly say the same. */
export function wordAt(p: usize, size: u32, slot: u32): i32 {
  const lastAt: usize = at.LAST_WORDS + 4 * slot;
  const last = load<u32>(lastAt);
  if (last < count && isWord(p, size, last)) return last;
  let bucket = hashOf(p, size) & (at.BUCKET_COUNT - 1);
  for (;;) {
    const held = load<u32>(at.BUCKETS + 4 * bucket);
    if (held == 0) break;
    if (isWord(p, size, held - 1)) {
      store<u32>(lastAt, held - 1);
      return held - 1;
    }
    bucket = (bucket + 1) & (at.BUCKET_COUNT - 1);
  }
  if (count == at.MAX_WORDS || textEnd + size > at.TEXT + at.TEXT_BYTES) return -1;
  const word = count++;
  const entry: usize = at.WORDS + at.WORD_BYTES * word;
  store<u32>(entry, textEnd);
  store<u32>(entry, size, 4);
  memory.copy(textEnd, p, size);
  textEnd += size;
  store<u32>(at.BUCKETS + 4 * bucket, word + 1);
  store<u32>(lastAt, word);
  return word;
}

function hashOf(p: usize, size: u32): u32 {
  let hash: u32 = 0x811c9dc5;
  for (let i: u32 = 0; i < size; i++) hash = (hash ^ load<u8>(p + i)) * 0x01000193;
  return hash ^ (hash >>> 15);
}

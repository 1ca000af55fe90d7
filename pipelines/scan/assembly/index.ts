// Reads a batch of events from its JSON bytes straight into columns. What it takes it takes exactly as JSON.parse and
// the checks of the collector would; everything unusual (a space, an escape, a form not met before, a value that is not
// what it should be) ends the scan with 0, and the batch is read the long way.
import * as at from "./layout";
import { closingQuote, equal, number, parsed, skipValue } from "./json";
import { wordAt } from "./words";

export { addWordText, wordCount, forgetWords } from "./words";
export { tell } from "./tell";

export function end(): u32 { return at.END; }
export function body(): u32 { return at.BODY; }
export function text(): u32 { return at.TEXT; }
export function types(): u32 { return at.TYPES; }
export function typeBytes(): u32 { return at.TYPE_BYTES; }
export function forms(): u32 { return at.FORMS; }
export function formBytes(): u32 { return at.FORM_BYTES; }
export function words(): u32 { return at.WORDS; }
export function states(): u32 { return at.STATES; }
export function values(): u32 { return at.VALUES; }
export function ids(): u32 { return at.IDS; }
export function formOf(): u32 { return at.FORM_OF; }
export function seeds(): u32 { return at.SEEDS; }
export function prints(): u32 { return at.PRINTS; }
export function hashes(): u32 { return at.HASHES; }

export const SAID: u8 = 1;
export const NULL: u8 = 2;

const INTEGER: u32 = 0;
const REAL: u32 = 1;
const FLAG: u32 = 2;
const ID: u32 = 4;
const KIND_MASK: u32 = 7;
const MAY_BE_NULL: u32 = 8;

let typeCount: u32 = 0;
let lastType: u32 = 0;
let idEnd: u32 = 0;
// Where the list of events stands in the body: from its bracket to after the closing one.
let listFrom: u32 = 0;
let listTo: u32 = 0;
export function eventsFrom(): u32 { return listFrom; }
export function eventsTo(): u32 { return listTo; }
export function idsEnd(): u32 { return idEnd; }
export function addType(): u32 { return typeCount++; }

function pair(p: usize): u64 { return load<u64>(p); }

/** `{"type":"` */
function beginsEvent(p: usize): bool { return pair(p) == 0x3A2265707974227B && load<u8>(p + 8) == 0x22; }

/** The number of events, all of them in columns; 0 when the batch is not of the usual kind, or empty. */
export function scan(length: u32): u32 {
  const last: usize = at.BODY + length;
  memory.fill(last, 0, 64);
  let p: usize = at.BODY;
  if (load<u8>(p) != 0x7B) return 0;
  p++;
  let count: u32 = 0;
  let met = false;
  for (;;) {
    if (load<u8>(p) != 0x22) return 0;
    const from = p + 1;
    const quote = closingQuote(from);
    if (quote == 0 || load<u8>(quote + 1) != 0x3A) return 0;
    p = quote + 2;
    // `events"`
    if (quote - from == 6 && (pair(from) & 0x00FFFFFFFFFFFFFF) == 0x2273746E657665) {
      if (met || load<u8>(p) != 0x5B) return 0;
      met = true;
      listFrom = <u32>(p - at.BODY);
      p = takeEvents(p + 1);
      if (p == 0) return 0;
      listTo = <u32>(p - at.BODY);
      count = taken;
    } else {
      p = skipValue(p, last);
      if (p == 0) return 0;
    }
    const c = load<u8>(p++);
    if (c == 0x2C) continue;
    return c == 0x7D && p == last && met ? count : 0;
  }
  return 0;
}

let taken: u32 = 0;
// After the closing bracket, or 0.
function takeEvents(begin: usize): usize {
  let p = begin;
  taken = 0;
  idEnd = at.IDS;
  for (;;) {
    if (taken == at.MAX_EVENTS) return 0;
    p = takeEvent(p, taken);
    if (p == 0) return 0;
    taken++;
    const c = load<u8>(p++);
    if (c == 0x5D) return p;
    if (c != 0x2C) return 0;
  }
  return 0;
}

function takeEvent(p: usize, event: u32): usize {
  if (!beginsEvent(p)) return 0;
  p += 9;
  let type = lastType;
  if (!isOfType(p, type)) {
    for (type = 0; type < typeCount; type++) if (isOfType(p, type)) break;
    if (type == typeCount) return 0;
    lastType = type;
  }
  const entry: usize = at.TYPES + type * at.TYPE_BYTES;
  p += load<u32>(entry, 4);
  const known = load<u32>(entry, 8);
  const first = load<u32>(entry, 12);
  if (known == 0) return 0;
  let q = takeForm(p, first, event);
  for (let i: u32 = 0; q == 0 && i < known; i++) {
    const form = load<u32>(entry + 16 + 4 * i);
    if (form == first) continue;
    q = takeForm(p, form, event);
    if (q != 0) store<u32>(entry, form, 12);
  }
  return q;
}

function isOfType(p: usize, type: u32): bool {
  if (type >= typeCount) return false;
  const entry: usize = at.TYPES + type * at.TYPE_BYTES;
  return equal(p, load<u32>(entry), load<u32>(entry, 4));
}

// After the event, or 0 when it is of another form: its columns are then as if it had never been there.
function takeForm(begin: usize, form: u32, event: u32): usize {
  let p = begin;
  const entry: usize = at.FORMS + form * at.FORM_BYTES;
  const count = load<u32>(entry, 4);
  const idFrom = idEnd;
  let field: usize = entry + 8;
  for (let i: u32 = 0; i < count; i++, field += at.FIELD_BYTES) {
    const size = load<u32>(field, 4);
    const q = equal(p, load<u32>(field), size) ? takeValue(p + size, field, event) : 0;
    if (q == 0) {
      undo(entry, i, event);
      idEnd = idFrom;
      return 0;
    }
    p = q;
  }
  if (load<u8>(p) != 0x7D) {
    undo(entry, count, event);
    idEnd = idFrom;
    return 0;
  }
  store<u32>(at.FORM_OF + 4 * event, form);
  return p + 1;
}

function undo(form: usize, fields: u32, event: u32): void {
  for (let i: u32 = 0; i < fields; i++) {
    const slot = load<u32>(form + 8 + i * at.FIELD_BYTES, 12);
    store<u8>(at.STATES + slot * at.MAX_EVENTS + event, 0);
  }
}

function takeValue(p: usize, field: usize, event: u32): usize {
  const kind = load<u32>(field, 8);
  const cell = load<u32>(field, 12) * at.MAX_EVENTS + event;
  const c = load<u8>(p);
  if (c == 0x6E) {
    if (!(kind & MAY_BE_NULL) || load<u32>(p) != 0x6C6C756E) return 0;
    store<u8>(at.STATES + cell, NULL);
    store<f64>(at.VALUES + 8 * cell, 0);
    return p + 4;
  }
  let value: f64 = 0;
  switch (kind & KIND_MASK) {
    case INTEGER:
    case REAL: {
      p = number(p);
      if (p == 0) return 0;
      value = parsed;
      if (value < load<f64>(field, 16) || value > load<f64>(field, 24)) return 0;
      if ((kind & KIND_MASK) == INTEGER && Math.floor(value) != value) return 0;
      break;
    }
    case FLAG: {
      if (load<u32>(p) == 0x65757274) { value = 1; p += 4; }
      else if (c == 0x66 && load<u32>(p + 1) == 0x65736C61) p += 5;
      else return 0;
      break;
    }
    default: {
      if (c != 0x22) return 0;
      const quote = closingQuote(p + 1);
      if (quote == 0) return 0;
      const size = <u32>(quote - p - 1);
      if (<f64>size < load<f64>(field, 16) || <f64>size > load<f64>(field, 24)) return 0;
      if ((kind & KIND_MASK) == ID) {
        store<u32>(at.ID_AT + 4 * event, idEnd);
        store<u8>(idEnd, <u8>size);
        memory.copy(idEnd + 1, p + 1, size);
        idEnd += size + 1;
      } else {
        const word = wordAt(p + 1, size, load<u32>(field, 12));
        if (word < 0) return 0;
        value = <f64>word;
      }
      p = quote + 1;
    }
  }
  store<u8>(at.STATES + cell, SAID);
  store<f64>(at.VALUES + 8 * cell, value);
  return p;
}

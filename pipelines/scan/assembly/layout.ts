// Where everything lies in the scanner's memory. Sizes are promises to pipelines/scan/scanner.ts, which reads them here.

export const MAX_EVENTS: u32 = 1000;
export const MAX_SLOTS: u32 = 96;
export const MAX_FORMS: u32 = 128;
export const MAX_TYPES: u32 = 64;
export const MAX_FIELDS: u32 = 40;
export const MAX_FORMS_OF_TYPE: u32 = 8;
export const MAX_WORDS: u32 = 4096;
/** Bytes of a word, and of an id. */
export const MAX_WORD_BYTES: u32 = 80;
const ID_BYTES: u32 = 65;
export const BODY_BYTES: u32 = 1 << 20;
/** Vectors read past the end of what they look at. */
const MARGIN: u32 = 64;

export const BODY: u32 = 4096;

// Text of keys, types and words, added to and never moved.
export const TEXT: u32 = BODY + BODY_BYTES + MARGIN;
export const TEXT_BYTES: u32 = 512 * 1024;

// A type: bytes of its name with the closing quote, its forms, the form met last.
export const TYPES: u32 = TEXT + TEXT_BYTES + MARGIN;
export const TYPE_BYTES: u32 = 16 + 4 * MAX_FORMS_OF_TYPE;

// A form: type, number of fields, then of each its key as `,"name":`, kind, slot, least and most.
export const FORMS: u32 = TYPES + TYPE_BYTES * MAX_TYPES;
export const FIELD_BYTES: u32 = 32;
export const FORM_BYTES: u32 = 8 + FIELD_BYTES * MAX_FIELDS;

export const WORDS: u32 = FORMS + FORM_BYTES * MAX_FORMS;
export const WORD_BYTES: u32 = 8;
export const BUCKETS: u32 = WORDS + WORD_BYTES * MAX_WORDS;
export const BUCKET_COUNT: u32 = 2 * MAX_WORDS;

// Columns: of each slot a byte an event that says what is there, and the value.
export const STATES: u32 = BUCKETS + 4 * BUCKET_COUNT;
export const VALUES: u32 = (STATES + MAX_SLOTS * MAX_EVENTS + 15) & ~15;
export const LAST_WORDS: u32 = VALUES + 8 * MAX_SLOTS * MAX_EVENTS;

// Ids as ClickHouse wants strings: length, then bytes.
export const IDS: u32 = LAST_WORDS + 4 * MAX_SLOTS;
export const ID_AT: u32 = (IDS + ID_BYTES * MAX_EVENTS + MARGIN + 15) & ~15;

export const FORM_OF: u32 = ID_AT + 4 * MAX_EVENTS;
export const SEEDS: u32 = FORM_OF + 4 * MAX_EVENTS;
export const PRINTS: u32 = SEEDS + 4 * MAX_TYPES;
export const HASHES: u32 = PRINTS + 4 * MAX_EVENTS;
export const END: u32 = HASHES + 8 * MAX_EVENTS + MARGIN;

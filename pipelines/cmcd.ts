/** CMCD v2 event reports (CTA-5004-A) read into events of ours. */
import type { ForeignBatch } from '#pipelines/collect.ts'

export function readCmcd(body: Uint8Array): ForeignBatch {
  return {
    byteLength: body.byteLength,
    sourceFormat: 'cmcd2',
    translate: () => ({
      events: [],
      unreadable: [{ text: new TextDecoder().decode(body), detail: 'not read yet' }],
    }),
  }
}

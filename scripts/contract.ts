/**
 * Writes events/contract.json, the committed print of the event contract that incompatible changes are held against,
 * and docs/events.md, the same for people. Run by `npm run contract`.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { renderEvents } from '#events/page.ts'
import { printContract } from '#events/print.ts'

const ROOT = path.join(import.meta.dirname, '..')
const contract = printContract()
writeFileSync(path.join(ROOT, 'events/contract.json'), `${JSON.stringify(contract, null, 2)}\n`)
writeFileSync(path.join(ROOT, 'docs/events.md'), renderEvents(contract))

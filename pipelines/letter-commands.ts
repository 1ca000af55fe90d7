/** The command line for dead letters: list, show, replay. Each prints for people, or JSON with --json. */
import { parseArgs } from 'node:util'
import type { Command, Commands, Shell } from '#base/command.ts'
import { bytesOf } from '#pipelines/dead-letters.ts'
import type { DeadLetter, Letters } from '#pipelines/letters.ts'
import type { LetterFilter, LetterPlace } from '#pipelines/letters-sql.ts'

export type LetterCommandPorts = Shell &
  Pick<Letters, 'list' | 'count' | 'one' | 'replay'> & {
    /** The tenant when --tenant does not say. */
    readonly tenantId: string
  }

const OPTIONS = {
  tenant: { type: 'string' },
  reason: { type: 'string' },
  type: { type: 'string' },
  since: { type: 'string' },
  limit: { type: 'string' },
  all: { type: 'boolean' },
  json: { type: 'boolean' },
} as const
const FIRST = 20
const MAX_LIMIT = 100_000
const PAGE = 100
const SPANS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `90m`, `24h`, `7d` before now, or an instant as ISO text. */
export function readSince(text: string, now: number): number {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? []
  if (count !== undefined) return now - Number(count) * (SPANS[unit] as number)
  const at = Date.parse(text)
  if (Number.isNaN(at)) throw new TypeError(`--since takes 90m, 24h, 7d or 2026-05-01T12:00Z, not ${text}`)
  return at
}

function read(args: readonly string[], ports: LetterCommandPorts) {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  const limit = values.limit === undefined ? undefined : Number(values.limit)
  if (limit !== undefined && (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)) {
    throw new TypeError(`--limit takes a whole number from 1 to ${MAX_LIMIT}, not ${values.limit}`)
  }
  const filter: LetterFilter = {
    reason: values.reason,
    type: values.type,
    since: values.since === undefined ? undefined : readSince(values.since, Date.now()),
  }
  const [verb, ...ids] = positionals
  return {
    verb,
    ids,
    limit,
    filter,
    tenantId: values.tenant ?? ports.tenantId,
    all: values.all === true,
    json: values.json === true,
  }
}
type Read = ReturnType<typeof read>

const instant = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`
const lineOf = ({ id, receivedAt, reason, detail, claimedType, state }: DeadLetter): string =>
  `${id}  ${instant(receivedAt)}  ${state.padEnd(7)}  ${reason.padEnd(15)}  ${claimedType ?? '-'}  ${detail.slice(0, 80)}`

/** Pages of at most `limit` letters in all. */
async function* pagesOf(ports: LetterCommandPorts, tenantId: string, filter: LetterFilter, limit: number) {
  let after: LetterPlace | null = null
  for (let left = limit; left > 0; ) {
    const page: Awaited<ReturnType<Letters['list']>> = await ports.list(tenantId, filter, {
      first: Math.min(PAGE, left),
      after,
    })
    const last = page.letters.at(-1)
    if (last === undefined) return
    yield page.letters
    if (!page.hasNextPage) return
    left -= page.letters.length
    after = { at: last.receivedAt, id: last.id }
  }
}

async function list(
  ports: LetterCommandPorts,
  { tenantId, filter, limit = FIRST, all, json }: Read,
): Promise<number> {
  const wanted: LetterFilter = all ? filter : { ...filter, state: 'waiting' }
  let shown = 0
  for await (const letters of pagesOf(ports, tenantId, wanted, limit)) {
    for (const letter of letters) ports.print(json ? JSON.stringify(letter) : lineOf(letter))
    shown += letters.length
  }
  if (json) return 0
  const counts = await ports.count(tenantId, wanted)
  const total = counts.reduce((sum, { count }) => sum + count, 0)
  const byReason = counts.map(({ reason, count }) => `${count} ${reason}`).join(', ')
  ports.print(total === 0 ? 'No dead letters.' : `${shown} of ${total}: ${byReason}`)
  return 0
}

/** What was received, as people read it best. */
function bodyText({ body, bodyEncoding }: DeadLetter): string {
  if (bodyEncoding === 'base64')
    return `${body}\n(base64: the bytes are not UTF-8)\n${Buffer.from(bytesOf(body, bodyEncoding)).toString()}`
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    // Not JSON, which may be why it is here.
    return body
  }
}

async function show(ports: LetterCommandPorts, { tenantId, ids: [id], json }: Read): Promise<number> {
  if (id === undefined) throw new TypeError('show takes the id of a letter; `dead-letters list` has them')
  const letter = await ports.one(tenantId, id)
  if (letter === null) {
    ports.print(`${tenantId} has no dead letter ${id}.`)
    return 1
  }
  if (json) {
    ports.print(JSON.stringify(letter))
    return 0
  }
  const {
    reason,
    detail,
    firstReason,
    schema,
    stream,
    partition,
    offset,
    receivedAt,
    state,
    replays,
    isCut,
    bodyBytes,
  } = letter
  ports.print(`${letter.id}: ${state}`)
  ports.print(`  reason    ${reason}: ${detail}${firstReason === reason ? '' : ` (first ${firstReason})`}`)
  ports.print(`  schema    ${schema ?? 'did not come so far'}${stream === null ? '' : `, ${stream}`}`)
  ports.print(`  stands at collector.dlq.v1, partition ${partition}, offset ${offset}`)
  ports.print(
    `  received  ${instant(receivedAt)}, ${bodyBytes} bytes${isCut ? ', of which only a part was kept' : ''}`,
  )
  ports.print(
    `  replayed  ${replays === 0 ? 'never' : `${replays} times, last ${instant(letter.replayedAt)}`}`,
  )
  ports.print(bodyText(letter))
  return 0
}

async function replay(
  ports: LetterCommandPorts,
  { tenantId, filter, ids, limit = MAX_LIMIT, json }: Read,
): Promise<number> {
  const counts = { stored: 0, present: 0, failed: 0 }
  const take = async (wanted: readonly string[]): Promise<void> => {
    for (const one of await ports.replay(tenantId, wanted, ports.by)) {
      counts[one.outcome]++
      if (json) ports.print(JSON.stringify(one))
      else if (one.outcome === 'failed') ports.print(`${one.id}  ${one.reason}: ${one.detail}`)
    }
  }
  if (ids.length > 0) {
    for (let at = 0; at < ids.length; at += PAGE) await take(ids.slice(at, at + PAGE))
  } else {
    for await (const letters of pagesOf(ports, tenantId, { ...filter, state: 'waiting' }, limit)) {
      await take(letters.map(({ id }) => id))
    }
  }
  const { stored, present, failed } = counts
  if (!json) ports.print(`${stored} stored, ${present} there already, ${failed} failed again.`)
  return failed > 0 ? 1 : 0
}

const VERBS: Readonly<Record<string, (ports: LetterCommandPorts, args: Read) => Promise<number>>> = {
  list,
  show,
  replay,
}

const deadLetters: Command<LetterCommandPorts> = {
  usage: 'dead-letters list | show <id> | replay [<id>...]',
  summary: 'what the collector could not accept, and taking it again',
  help: `list     newest first, those that wait; --all shows replayed ones, too
show     one letter: reason, schema, place in the log, bytes as received
replay   after a fix: those named, or all that wait and pass the filter, as of when they were received.
         What passes is stored once, however often it is replayed; what fails again stays, with the new reason.
         Exit code 1 when one failed again.

  --tenant <id>     whose letters; the platform's own tenant without it
  --reason <word>   of this reason, as last judged
  --type <type>     of this claimed type, such as playback.view.started
  --since <when>    received since: 90m, 24h, 7d or 2026-05-01T12:00Z
  --limit <n>       at most so many (list: 20)
  --json            JSON, a line each, instead of text

A running platform does the replaying itself; without one the event log is opened for it.`,
  run: async (args, ports) => {
    const asked = read(args, ports)
    const run = asked.verb === undefined || !Object.hasOwn(VERBS, asked.verb) ? undefined : VERBS[asked.verb]
    if (run === undefined) throw new TypeError('dead-letters takes list, show or replay; --help says more')
    return run(ports, asked)
  },
}

export const letterCommands: Commands<LetterCommandPorts> = { 'dead-letters': deadLetters }

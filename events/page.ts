/** The event contract as a page for people: docs/events.md. */
import type { Contract } from '#events/print.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')

function fieldTable(fields: Contract['envelope']): string {
  const rows = Object.entries(fields).map(([name, field]) => {
    const words = field.words === undefined ? '' : ` (${field.words.map((word) => `\`${word}\``).join(', ')})`
    const needed = field.required ? 'yes' : 'no'
    return `| \`${name}\` | \`${field.column}\` | ${needed} | ${cell(field.description)}${words} |`
  })
  return ['| field | column | required | what it says |', '|---|---|---|---|', ...rows].join('\n')
}

export function renderEvents(contract: Contract): string {
  const parts = [
    '# Events',
    'What can happen, stream by stream. Written from `events/*.ts`: `npm run contract`. An event is the envelope, the ' +
      'fields its stream shares and its own; the collector fills in what the token and the batch already say.',
    'Adding an optional field keeps the version of a type. Anything else is a new version; a test holds every change ' +
      'against `events/contract.json`.',
    '## Envelope',
    fieldTable(contract.envelope),
  ]
  for (const [name, stream] of Object.entries(contract.streams)) {
    const newest = stream.compacted === true ? '; the log is compacted to the newest event of each' : ''
    const kept = stream.retentionDays === 'forever' ? 'kept forever' : `kept for ${stream.retentionDays} days`
    parts.push(
      `## ${name}`,
      `${stream.description} Table \`${stream.table}\`, ordered within \`${stream.key}\`, ${kept}${newest}.`,
    )
    if (Object.keys(stream.fields).length > 0) parts.push(fieldTable(stream.fields))
    for (const [type, event] of Object.entries(stream.events)) {
      parts.push(`### ${type}`, `${event.description} Said by: ${event.by}.`)
      if (Object.keys(event.fields).length > 0) parts.push(fieldTable(event.fields))
    }
  }
  return `${parts.join('\n\n')}\n`
}

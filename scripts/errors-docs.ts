/** docs/errors.md: every refusal there is, gathered from the errors.ts of each folder. Run by `npm run contract`. */
import { globSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { RefusalDefinition } from '#base/refusal.ts'

const ROOT = path.join(import.meta.dirname, '..')

export async function renderErrors(): Promise<string> {
  const files = globSync(
    '{api,app,pipelines,playback,storage,models,serving,domains,features,metrics,demo}/**/errors.ts',
    {
      cwd: ROOT,
    },
  ).sort()
  const parts: string[] = [
    '# Errors',
    'A refusal has a stable code, a sentence for people and what to do. Written from the code: `npm run contract`.',
    'Anything else is our fault: it comes as `SV_INTERNAL`, masked, and is in the log with its stack.',
  ]
  for (const file of files) {
    const module = (await import(path.join(ROOT, file))) as Record<string, unknown>
    const rows = Object.values(module)
      .filter((one): one is Record<string, RefusalDefinition> => typeof one === 'object' && one !== null)
      .flatMap((group) => Object.values(group))
      .filter((one) => typeof one?.code === 'string' && typeof one.fix === 'string')
      .sort((a, b) => (a.code < b.code ? -1 : 1))
    if (rows.length === 0) continue
    parts.push(`## ${path.dirname(file)}`)
    const lines = rows.map((row) => `| \`${row.code}\` | ${row.status} | ${row.fix} |`)
    parts.push(['| code | HTTP | what to do |', '|---|---|---|', ...lines].join('\n'))
  }
  return `${parts.join('\n\n')}\n`
}

if (import.meta.main) writeFileSync(path.join(ROOT, 'docs/errors.md'), await renderErrors())

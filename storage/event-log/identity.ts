/** Which log this is: an id made with the log and never again, so that offsets of another log are not taken for its own. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { writeWholeFile } from '#storage/event-log/folders.ts'

/** The id in the folder; `make` gives one for a new log. Durable when it resolves. */
export async function identityOf(dir: string, make: () => string): Promise<string> {
  const file = path.join(dir, 'identity')
  try {
    const known = (await readFile(file, 'utf8')).trim()
    if (known !== '') return known
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const identity = make()
  await writeWholeFile(file, (draft) => draft.writeFile(`${identity}\n`))
  return identity
}

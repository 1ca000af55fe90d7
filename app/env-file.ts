/** `.env` of the folder the program is started in, where there is one. What the environment says already wins. */
import { existsSync } from 'node:fs'
import { ConfigError } from '#app/errors.ts'

export function readEnvFile(file = '.env'): void {
  if (!existsSync(file)) return
  try {
    process.loadEnvFile(file)
  } catch (error) {
    const fix = `make it a file this user may read, or remove it (${(error as Error).message})`
    throw new ConfigError([{ name: 'file', value: file, fix }])
  }
}

/** Where `npm start` begins: reads `.env`, keeps compiled code between starts, then runs the platform. */
import { enableCompileCache } from 'node:module'
import { readEnvFile } from '#app/env-file.ts'

enableCompileCache()
const { explain, run } = await import('#app/run.ts')
try {
  readEnvFile()
  await run()
} catch (error) {
  explain(error)
  process.exit(1)
}

/** Where `npm start` begins: keeps compiled code between starts, then runs the platform. */
import { enableCompileCache } from 'node:module'

enableCompileCache()
const { explain, run } = await import('#app/run.ts')
run().catch((error: unknown) => {
  explain(error)
  process.exit(1)
})

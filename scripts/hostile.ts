/**
 * `npm run hostile -- --events 1000000 --seed 1`: so many hostile events through the real way, every view and every figure
 * against the reference. The last line is what was found; exit code 1 when anything differs.
 */
import { runHostile } from '#tests/hostile/hostile.ts'

function readNumber(args: readonly string[], name: string, otherwise: number): number {
  const at = args.indexOf(`--${name}`)
  const value = at < 0 ? otherwise : Number(args[at + 1])
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`--${name} is a whole number`)
  return value
}

const args = process.argv.slice(2)
const outcome = await runHostile({
  events: readNumber(args, 'events', 1_000_000),
  seed: readNumber(args, 'seed', 1),
})
console.log(JSON.stringify(outcome))
if (!outcome.pass) process.exitCode = 1

/** The processes a platform is made of, and the memory they share out: proportional set sizes, as Linux tells them. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // It ended meanwhile.
    return ''
  }
}

/** The process and everything it started, as far as it still runs. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    // The program's name, in brackets, may hold anything; the parent is the second field behind it.
    const parent = Number(/\) \S (\d+) /.exec(read(`/proc/${name}/stat`))?.[1] ?? Number.NaN)
    if (Number.isNaN(parent)) continue
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(children.get(pid) ?? []))
  return tree
}

/** Processes it started itself whose command line has the word. */
export const childrenOf = (pid: number, word: string): number[] =>
  execFileSync('ps', ['-eo', 'pid,ppid,args'])
    .toString()
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .flatMap((found) =>
      found !== null && Number(found[2]) === pid && (found[3] ?? '').includes(word) ? [Number(found[1])] : [],
    )

/** Memory of the whole tree: pages that processes share are counted once. Null where the system does not say. */
export function treeMemoryMb(root: number): number | null {
  if (process.platform !== 'linux') return null
  let kb = 0
  for (const pid of processTree(root))
    kb += Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
  return kb === 0 ? null : kb / 1024
}

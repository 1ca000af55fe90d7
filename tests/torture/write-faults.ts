/**
 * Faults in the writes of the event log, inside the process that is tortured: every write of the log goes through one
 * method of file handles, which is counted and replaced here. The program under test knows nothing of it.
 */
import { constants, promises } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'

export type WriteFault = {
  /** From the how-manieth write after this one, counted from 1. */
  readonly at: number
  /** For how many writes. */
  readonly times: number
  /** `kill`: the process dies; `eio`: the write fails; `slow`: it takes longer. */
  readonly what: 'kill' | 'eio' | 'slow'
  /** How much of the bytes lands before that. */
  readonly lands: 'nothing' | 'half' | 'all'
  readonly slowMs: number
}

type Buffers = readonly Uint8Array[]

let fault: WriteFault | null = null
let writes = 0

/** The next fault; counting begins anew. Null: none. */
export function setWriteFault(next: WriteFault | null): void {
  fault = next
  writes = 0
}

async function methodsOfHandles(): Promise<FileHandle> {
  const file = path.join(tmpdir(), `svt-handle-${process.pid}`)
  const handle = await open(file, 'w')
  await handle.close()
  await rm(file)
  return Object.getPrototypeOf(handle) as FileHandle
}

/** Call once. With `durable` false syncs do nothing and no write waits for the disk: what a control must lose with. */
export async function armWrites(durable: boolean): Promise<void> {
  const methods = await methodsOfHandles()
  const whole = methods.writev
  const half = async (handle: FileHandle, buffers: Buffers): Promise<void> => {
    const bytes = Buffer.concat(buffers)
    await whole.call(handle, [bytes.subarray(0, bytes.length >> 1)])
  }
  methods.writev = async function (this: FileHandle, buffers: Buffers) {
    writes++
    const met = fault !== null && writes >= fault.at && writes < fault.at + fault.times ? fault : null
    if (met?.what === 'slow') await new Promise((resolve) => setTimeout(resolve, met.slowMs))
    if (met === null || met.what === 'slow') return whole.call(this, buffers as Uint8Array[])
    if (met.lands === 'half') await half(this, buffers)
    if (met.lands === 'all') await whole.call(this, buffers as Uint8Array[])
    if (met.what === 'kill') process.kill(process.pid, 'SIGKILL')
    throw Object.assign(new Error('EIO: i/o error, write'), { code: 'EIO', syscall: 'write' })
  } as typeof whole
  if (durable) return
  const { open: openFile } = promises
  promises.open = (file, flags, mode) =>
    openFile(file, typeof flags === 'number' ? flags & ~constants.O_DSYNC : flags, mode)
  syncBuiltinESMExports()
  methods.sync = async () => {}
  methods.datasync = async () => {}
}

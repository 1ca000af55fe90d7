/**
 * A disk of our own for the torture: an ext4 in a file, mounted by loop. Its power can be cut: the file system is shut
 * down without writing its journal, as if the machine had gone, and everything nobody synced is lost.
 */
import { spawnSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

export type Disk = {
  /** Where the data go. */
  readonly dir: string
  /**
   * Everything that was not synced is gone. Whoever has files open must stand still before and be killed after: a sync that is
   * under way while the file system is shut down is answered with success by Linux (6.18), and what it wrote is lost.
   */
  cutPower(): void
  /** Mounts again after a cut: the journal is replayed. Waits until nobody has files open. */
  restore(): Promise<void>
  /** Leaves so many bytes free. */
  fill(freeBytes: number): void
  /** Takes the ballast away. */
  makeRoom(): void
  remove(): void
}

const SIZE_BYTES = 1200 * 1024 * 1024
/** EXT4_IOC_SHUTDOWN, and its flag to leave the journal unwritten. */
const SHUTDOWN = '0x8004587D'
const NO_LOG_FLUSH = 2

function run(program: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`)
}

/** Why no such disk can be made here; null when it can. */
export function diskProblem(): string | null {
  if (process.platform !== 'linux') return 'needs Linux'
  if (process.getuid?.() !== 0) return 'needs root, to mount a disk of its own'
  for (const program of ['mkfs.ext4', 'mount', 'umount', 'perl', 'fallocate']) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `needs ${program}`
  }
  try {
    makeDisk().remove()
    return null
  } catch (error) {
    return (error as Error).message
  }
}

/** A folder where no disk can be made: its power cannot be cut, and it does not fill up. */
export function makeFolder(): Disk {
  const root = mkdtempSync(path.join(tmpdir(), 'svt-'))
  const never = (): never => {
    throw new Error('a folder has no power and no end')
  }
  return {
    dir: path.join(root, 'data'),
    cutPower: never,
    restore: never,
    fill: never,
    makeRoom: never,
    remove: () => rmSync(root, { recursive: true, force: true }),
  }
}

export function makeDisk(): Disk {
  const root = mkdtempSync(path.join(tmpdir(), 'svt-'))
  const image = path.join(root, 'image')
  const mountPoint = path.join(root, 'm')
  const ballast = path.join(mountPoint, 'ballast')
  const mount = (): void => run('mount', '-o', 'loop', image, mountPoint)
  const unmount = (): void => run('umount', mountPoint)
  try {
    const file = openSync(image, 'w')
    ftruncateSync(file, SIZE_BYTES)
    closeSync(file)
    mkdirSync(mountPoint)
    run('mkfs.ext4', '-q', '-F', '-m', '0', image)
    mount()
  } catch (error) {
    rmSync(root, { recursive: true, force: true })
    throw error
  }
  return {
    dir: path.join(mountPoint, 'data'),
    cutPower: () => {
      const program = `open(F, '<', $ARGV[0]) or die $!; my $f = pack('L', ${NO_LOG_FLUSH}); ioctl(F, ${SHUTDOWN}, $f) or die $!`
      run('perl', '-e', program, mountPoint)
    },
    restore: async () => {
      for (let tries = 0; ; tries++) {
        try {
          unmount()
          break
        } catch (error) {
          // A process that was killed may still be going.
          if (tries === 600) throw error
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
      mount()
    },
    fill: (freeBytes) => {
      for (let tries = 0; ; tries++) {
        rmSync(ballast, { force: true })
        const { bavail, bsize } = statfsSync(mountPoint)
        // What a file itself takes to be known is left to the last block.
        const bytes = bavail * bsize - freeBytes - 64 * 1024
        if (bytes <= 0) return
        try {
          return run('fallocate', '-l', String(bytes), ballast)
        } catch (error) {
          // The victim may have taken some of it meanwhile.
          if (tries === 20) throw error
        }
      }
    },
    makeRoom: () => rmSync(ballast, { force: true }),
    remove: () => {
      // Out of the way at once, and gone when the last process that has files open is.
      run('umount', '--lazy', mountPoint)
      rmSync(root, { recursive: true, force: true })
    },
  }
}

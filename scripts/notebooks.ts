/**
 * Runs every notebook against a platform of its own with the demo world, in a temporary folder, and fails when a cell does.
 * Python in a virtual environment (`.venv`, made here when it is not there); cells in TypeScript in Node, one after the
 * other as one module: there is no Deno where only Node is. `--only <name>` runs one; PYTHON names another interpreter.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { createClient, type Platform, startPlatform } from '#tests/browser/platform.ts'

const ROOT = path.join(import.meta.dirname, '..')
const NOTEBOOKS = path.join(ROOT, 'notebooks')
const PACKAGE = path.join(NOTEBOOKS, 'python')
const VENV = path.join(ROOT, '.venv')
const READY_MS = 10 * 60_000

type Notebook = {
  readonly cells: readonly {
    readonly cell_type: string
    readonly source: string | readonly string[]
    readonly outputs?: readonly unknown[]
    readonly execution_count?: number | null
  }[]
  readonly metadata: { readonly kernelspec: { readonly language: string } }
}

function read(file: string): Notebook {
  const notebook = JSON.parse(readFileSync(path.join(NOTEBOOKS, file), 'utf8')) as Notebook
  for (const { outputs = [], execution_count = null } of notebook.cells) {
    if (outputs.length > 0 || execution_count !== null)
      throw new Error(`${file} was saved with outputs: clear them, they differ by machine`)
  }
  return notebook
}

const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })

/** A Python with the package and what runs notebooks, brought up to date when the package says other needs. */
async function preparePython(): Promise<string> {
  const python = path.join(VENV, 'bin', 'python')
  const stamp = path.join(VENV, 'installed')
  const project = path.join(PACKAGE, 'pyproject.toml')
  if (existsSync(stamp) && statSync(stamp).mtimeMs > statSync(project).mtimeMs) return python
  const from = process.env['PYTHON'] || 'python3'
  if ((await run(from, ['-m', 'venv', VENV])) !== 0) throw new Error(`${from} makes no virtual environment`)
  // As it stands in the folder: a change of the package needs no new installation.
  const code = await run(python, ['-m', 'pip', 'install', '--quiet', '--editable', `${PACKAGE}[notebooks]`])
  if (code !== 0) throw new Error('pip could not install ./notebooks/python')
  writeFileSync(stamp, '')
  return python
}

/** Until the history is there and the first model has been trained: nothing else is then going on. */
async function untilSettled(platform: Platform): Promise<void> {
  const visitor = await createClient(platform.url, 'dara')
  type Answer = { status: { work: { key: string; progress: number; failed: boolean }[] } }
  const deadline = Date.now() + READY_MS
  for (;;) {
    const { status } = await visitor.ask<Answer>('{ status { work { key progress failed } } }')
    const training = status.work.find(({ key }) => key === 'training')
    if (status.work.some(({ failed }) => failed))
      throw new Error(`the demo world failed: ${platform.output()}`)
    if (training !== undefined && training.progress >= 1) return
    if (Date.now() > deadline) throw new Error('the demo world was not there after ten minutes')
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
}

/** What the notebooks are told of the platform. */
async function openDoor({ dataDir }: Platform): Promise<NodeJS.ProcessEnv> {
  const program = path.join(ROOT, 'app/cli.ts')
  const args = [program, 'sql-key', '--name', 'notebooks', '--json', '--data-dir', dataDir]
  const text = execFileSync(process.execPath, args, { cwd: dataDir })
  const { key } = JSON.parse(text.toString()) as { key: string }
  const address = path.join(dataDir, 'sql-address')
  const deadline = Date.now() + 30_000
  while (!existsSync(address)) {
    if (Date.now() > deadline) throw new Error('the SQL endpoint did not open')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return {
    STREAMVERSE_SQL_URL: readFileSync(address, 'utf8').trim(),
    STREAMVERSE_SQL_KEY: key,
    STREAMVERSE_CLI: `${process.execPath} ${program}`,
    DATA_DIR: dataDir,
  }
}

/** All cells as one module beside the notebook, so that its imports mean the same. */
async function runTypeScript(file: string, { cells }: Notebook, env: NodeJS.ProcessEnv): Promise<number> {
  const code = cells
    .filter(({ cell_type }) => cell_type === 'code')
    .map(({ source }) => (typeof source === 'string' ? source : source.join('')))
  const module = path.join(NOTEBOOKS, `.${file.replace(/\.ipynb$/, '')}.run.ts`)
  writeFileSync(module, `${code.join('\n\n')}\n`)
  try {
    const begun = performance.now()
    const status = await run(process.execPath, [module], env)
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    console.log(status === 0 ? `${file} ran in ${seconds} s` : `${file} failed`)
    return status
  } finally {
    rmSync(module, { force: true })
  }
}

async function main(): Promise<number> {
  const at = process.argv.indexOf('--only')
  const only = at < 0 ? undefined : process.argv[at + 1]
  const files = readdirSync(NOTEBOOKS).filter((file) => file.endsWith('.ipynb') && file.includes(only ?? ''))
  if (files.length === 0) throw new Error(`there is no notebook ${only}`)
  const notebooks = files.map((file) => ({ file, notebook: read(file) }))
  const python = await preparePython()
  let status = await run(python, [path.join(PACKAGE, 'tests/test_streamverse.py')])
  console.log('starting the platform with its demo world')
  const platform = await startPlatform({ env: { SQL_PORT: '0' } })
  try {
    await untilSettled(platform)
    const env = await openDoor(platform)
    for (const { file, notebook } of notebooks) {
      const code =
        notebook.metadata.kernelspec.language === 'python'
          ? await run(python, [path.join(PACKAGE, 'run_notebook.py'), path.join(NOTEBOOKS, file)], env)
          : await runTypeScript(file, notebook, env)
      if (code !== 0) status = 1
    }
  } finally {
    await platform.stop()
  }
  return status
}

process.exitCode = await main()

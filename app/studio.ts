/**
 * The web client: built once by Vite in a child process when its sources have changed, then served as files.
 * While it is being built, pages say so and come back by themselves.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { refusals } from '#app/errors.ts'
import type { Log } from '#base/log.ts'
import { Refusal } from '#base/refusal.ts'

const ROOT = path.join(import.meta.dirname, '..')
const DIST = path.join(ROOT, 'studio/dist')
const STAMP = path.join(DIST, '.sources')
const SOURCES = ['studio/**/*.{ts,tsx,css,html,json}', 'playback/player/**/*.{ts,css}', 'package-lock.json']

const WAITING = `<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<meta name="viewport" content="width=device-width"><title>StreamVerse is starting</title>
<style>body{font:16px system-ui;display:grid;place-items:center;min-height:100vh;margin:0;color-scheme:light dark}</style>
<main><h1>StreamVerse</h1><p role="status">The pages are being prepared. This takes a few seconds, once.</p></main></html>`

function hashOfSources(): string {
  const hash = createHash('sha256')
  for (const file of globSync(SOURCES, {
    cwd: ROOT,
    exclude: (name) => /dist$|\.test\.tsx?$/.test(name),
  }).sort()) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(ROOT, file)))
      .update('\0')
  }
  return hash.digest('hex')
}

function build(log: Log, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js')
    const child = spawn(process.execPath, [vite, 'build', 'studio', '--logLevel', 'error'], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    })
    let problem = ''
    child.stderr.on('data', (chunk: Buffer) => {
      problem = (problem + chunk.toString()).slice(-4000)
    })
    child.once('error', (error) => {
      if (!signal.aborted) log.error({ err: error }, 'the web client could not be built')
      if (child.pid === undefined) resolve(false)
    })
    child.once('exit', (code) => {
      if (code !== 0 && !signal.aborted) log.error({ problem }, 'the web client did not build')
      resolve(code === 0)
    })
  })
}

/** Resolves true when studio/dist is up to date; false, with the reason in the log, when it could not be built. */
async function prepareStudio(log: Log, signal: AbortSignal): Promise<boolean> {
  const hash = hashOfSources()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return true
  const built = await build(log, signal)
  if (built) writeFileSync(STAMP, hash)
  return built
}

export type StudioBuild = {
  /** Resolves when the build has ended, well or not. */
  readonly ready: Promise<void>
  isBuilt(): boolean
  close(): Promise<void>
}

/** Brings the pages up to date beside everything else; aborting or closing ends the build. */
export function startStudio(log: Log, signal: AbortSignal): StudioBuild {
  const closing = new AbortController()
  let isBuilt = false
  const ready = prepareStudio(log, AbortSignal.any([signal, closing.signal])).then((built) => {
    isBuilt = built
  })
  // Awaited when the rest is open; a failure before that is told there.
  ready.catch(() => undefined)
  return {
    ready,
    isBuilt: () => isBuilt,
    close: () => {
      closing.abort()
      return ready.catch(() => undefined)
    },
  }
}

/** The documents the web client was built with: the API trusts and compiles these. */
export function readTrustedDocuments(): string[] {
  return JSON.parse(readFileSync(path.join(ROOT, 'studio/trusted-documents.json'), 'utf8')) as string[]
}

/** Serves the pages; every address that is no file and no API is the single-page application. */
export async function registerStudio(app: FastifyInstance, isBuilt: () => boolean): Promise<void> {
  mkdirSync(DIST, { recursive: true })
  await app.register(fastifyStatic, {
    root: DIST,
    wildcard: true,
    index: false,
    cacheControl: false,
    setHeaders: (response, file) => {
      const hashed = /\/assets\//.test(file)
      void response.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
  const page = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const wantsPage =
      ['GET', 'HEAD'].includes(request.method) && (request.headers.accept ?? '').includes('text/html')
    if (!wantsPage) throw new Refusal(refusals.notFound, 'Nothing is here.')
    reply.header('cache-control', 'no-cache')
    if (!isBuilt()) return reply.type('text/html').send(WAITING)
    return reply.sendFile('index.html')
  }
  app.get('/', page)
  app.setNotFoundHandler(page)
}

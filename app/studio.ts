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
import type { Log } from '#base/log.ts'

const ROOT = path.join(import.meta.dirname, '..')
const DIST = path.join(ROOT, 'studio/dist')
const STAMP = path.join(DIST, '.sources')
const SOURCES = [
  'studio/**/*.{ts,tsx,css,html,svg,graphql}',
  'playback/player/**/*.{ts,css}',
  'package-lock.json',
]

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

function build(log: Log): Promise<boolean> {
  return new Promise((resolve) => {
    const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js')
    const child = spawn(process.execPath, [vite, 'build', 'studio', '--logLevel', 'error'], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let problem = ''
    child.stderr.on('data', (chunk: Buffer) => {
      problem = (problem + chunk.toString()).slice(-4000)
    })
    child.once('exit', (code) => {
      if (code !== 0) log.error({ problem }, 'the web client did not build')
      resolve(code === 0)
    })
  })
}

/** Resolves true when studio/dist is up to date. */
export async function prepareStudio(log: Log): Promise<boolean> {
  const hash = hashOfSources()
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === hash) return true
  const built = await build(log)
  if (built) writeFileSync(STAMP, hash)
  return built
}

/** The documents the web client was built with: the API trusts and compiles these. */
export function readTrustedDocuments(): string[] {
  const file = path.join(ROOT, 'studio/trusted-documents.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as string[]) : []
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
    const wantsPage = request.method === 'GET' && (request.headers.accept ?? '').includes('text/html')
    if (!wantsPage) return reply.status(404).send({ error: 'Nothing is here.' })
    reply.header('cache-control', 'no-cache')
    if (!isBuilt()) return reply.type('text/html').send(WAITING)
    return reply.sendFile('index.html')
  }
  app.get('/', page)
  app.setNotFoundHandler(page)
}

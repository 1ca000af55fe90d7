/** Bounds how many connections one address may hold, and answers what is no request in bounded words. */
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { CutOffReason, CutOffs } from '#app/cut-offs.ts'

const RETRY_AFTER_SECONDS = 5
/** What cannot be read as a request, by the code of the parser. */
const UNREADABLE: Readonly<Record<string, { readonly answer: string; readonly reason: CutOffReason }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { answer: '408 Request Timeout', reason: 'headers too slow' },
  HPE_HEADER_OVERFLOW: { answer: '431 Request Header Fields Too Large', reason: 'headers too large' },
}
const NOT_HTTP = { answer: '400 Bad Request', reason: 'not HTTP' } as const

/** The answer, and the end of the connection whether it is read or not. */
function endWith(socket: Socket, answer: string, header = ''): void {
  if (socket.writable)
    socket.write(`HTTP/1.1 ${answer}\r\nConnection: close\r\n${header}Content-Length: 0\r\n\r\n`)
  socket.destroySoon()
}

/** For fastify's `clientErrorHandler`. */
export const answerUnreadable =
  (cutOffs: CutOffs) =>
  (error: NodeJS.ErrnoException, socket: Socket): void => {
    // Whoever hung up needs no answer and was not cut off.
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    const { answer, reason } = UNREADABLE[error.code ?? ''] ?? NOT_HTTP
    cutOffs.count(reason)
    endWith(socket, answer)
  }

/** `most` connections of one address at a time; the next are told to come back. */
export function boundConnections(app: FastifyInstance, most: number, cutOffs: CutOffs): void {
  const held = new Map<string, number>()
  app.server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? ''
    const count = held.get(address) ?? 0
    if (count >= most) {
      cutOffs.count('too many connections')
      endWith(socket, '503 Service Unavailable', `Retry-After: ${RETRY_AFTER_SECONDS}\r\n`)
      return
    }
    held.set(address, count + 1)
    socket.once('close', () => {
      const left = (held.get(address) ?? 1) - 1
      if (left > 0) held.set(address, left)
      else held.delete(address)
    })
  })
}

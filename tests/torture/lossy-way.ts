/** A way to a server on which answers get lost: the request arrives whole and is worked on, and nobody hears how it went. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export type LossyWay = {
  url(): string
  /** From now on, connections end when an answer begins; with `false` all is well again. */
  loseAnswers(loses: boolean): void
  /** Answers that were lost. */
  lost(): number
  /** The server is at another port now. */
  leadTo(port: number): void
  close(): void
}

export async function openLossyWay(): Promise<LossyWay> {
  let port = 0
  let loses = false
  let lost = 0
  const open = new Set<Socket>()
  const server = createServer((sender) => {
    const upstream = connect(port, '127.0.0.1')
    for (const socket of [sender, upstream]) {
      open.add(socket)
      socket.once('close', () => {
        open.delete(socket)
        sender.destroy()
        upstream.destroy()
      })
      socket.on('error', () => socket.destroy())
    }
    sender.pipe(upstream)
    upstream.on('data', (bytes) => {
      if (!loses) {
        sender.write(bytes)
        return
      }
      lost++
      sender.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    loseAnswers: (wanted) => {
      loses = wanted
    },
    lost: () => lost,
    leadTo: (wanted) => {
      port = wanted
    },
    close: () => {
      for (const socket of open) socket.destroy()
      server.close()
    },
  }
}

/** Players for benches of the whole path: what they say, and how it is sent. */
import { Agent, request } from 'node:http'
import { uuidv7 } from '#base/ids.ts'

export type Player = { sid: string; readonly playerId: string; seq: number }
export const createPlayer = (): Player => ({ sid: uuidv7(), playerId: uuidv7(), seq: 0 })

/** Something every two seconds, sent when there are so many. */
export const BATCH_EVENTS = 5
const EVERY_MS = 2000

/** What the player has to say next. */
export function createBody(player: Player): Buffer {
  const now = Date.now()
  const events = Array.from({ length: BATCH_EVENTS }, () => {
    const seq = player.seq++
    return {
      type: seq === 0 ? 'playback.view.started' : 'playback.heartbeat.sent',
      eventId: uuidv7(now),
      createdAt: now - EVERY_MS * (BATCH_EVENTS - 1 - (seq % BATCH_EVENTS)),
      seq,
      state: 'playing',
      playheadMs: seq * EVERY_MS,
      ...(seq === 0 ? {} : { intervalMs: EVERY_MS }),
    }
  })
  const common = {
    sid: player.sid,
    playerId: player.playerId,
    rate: 1,
    visible: true,
    deviceKind: 'desktop',
    playerName: 'streamverse',
    playerVersion: '1',
    surface: 'watch',
    bitrateKbps: 2400,
  }
  return Buffer.from(JSON.stringify({ writeKey: 'key', token: player.playerId, sentAt: now, common, events }))
}

export type Sender = {
  /** The status of the answer. */
  post(body: Buffer): Promise<number>
  close(): void
}

export function createSender(port: number): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 })
  return {
    post: (body) =>
      new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json', 'content-length': body.length }
        const outgoing = request(
          { port, host: '127.0.0.1', path: '/events', method: 'POST', agent, headers },
          (incoming) => {
            incoming.resume().once('end', () => resolve(incoming.statusCode ?? 0))
          },
        )
        outgoing.once('error', reject)
        outgoing.end(body)
      }),
    close: () => agent.destroy(),
  }
}

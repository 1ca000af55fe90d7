/** The event log as a guest beside a running platform has it: the platform is its only writer and reader. */
import { Refusal } from '#base/refusal.ts'
import { refusals } from '#storage/errors.ts'
import type { EventLog } from '#storage/event-log/event-log.ts'

const refuse = (): never => {
  throw new Refusal(refusals.guest, 'The event log belongs to the platform that is running.')
}
const refuseLater = async (): Promise<never> => refuse()

export const guestLog: EventLog = {
  identity: '',
  append: refuseLater,
  consume: refuse,
  read: refuseLater,
  ends: refuseLater,
  committed: refuseLater,
  seek: refuseLater,
  close: async () => {},
}

/** Clients that say themselves that they are programs. Their events are kept and flagged, never dropped. */
const PROGRAMS =
  /bot\b|crawler|spider|slurp|facebookexternalhit|lighthouse|phantomjs|^curl\/|^wget\/|python-|go-http-client|^java\/|okhttp\/|libwww/i

let lastAgent = ''
let lastAnswer = false

/** Batches of one client come in runs, so the last answer is remembered. */
export function isProgram(userAgent: string): boolean {
  if (userAgent !== lastAgent) {
    lastAnswer = PROGRAMS.test(userAgent)
    lastAgent = userAgent
  }
  return lastAnswer
}

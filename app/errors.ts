/** What the composition root refuses: configuration with mistakes, a port it cannot have, requests for nothing. */
import { defineRefusals, Refusal } from '#base/refusal.ts'

export type ConfigProblem = { readonly name: string; readonly value: string; readonly fix: string }

/** All mistakes of a configuration, named at once. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]
  constructor(problems: readonly ConfigProblem[]) {
    super(
      ['The configuration has mistakes:', ...problems.map((p) => `  ${p.name}=${p.value}: ${p.fix}`)].join(
        '\n',
      ),
    )
    this.problems = problems
  }
}

export const refusals = defineRefusals({
  badRequest: { code: 'SV_BAD_REQUEST', status: 400, fix: 'Correct the request as the message says.' },
  bodyTooSlow: {
    code: 'SV_BODY_TOO_SLOW',
    status: 408,
    fix: 'Send the request again, its body without pauses.',
  },
  notFound: { code: 'SV_NOT_FOUND', status: 404, fix: 'Check the address and the method.' },
  metricsNotAllowed: {
    code: 'SV_METRICS_NOT_ALLOWED',
    status: 403,
    fix: 'Ask from the machine itself and without a proxy, or step into an operator.',
  },
  stopping: {
    code: 'SV_STOPPING',
    status: 503,
    fix: 'Send the request again after the time in Retry-After; the platform is being restarted.',
  },
  notAnswering: {
    code: 'SV_PLATFORM_NOT_ANSWERING',
    status: 503,
    fix: 'Try again in a moment: what was replayed already is not replayed twice.',
  },
  mustStop: {
    code: 'SV_PLATFORM_RUNS',
    status: 409,
    fix: 'Stop the platform, then say it again: nothing may be added meanwhile.',
  },
  notYetKnown: {
    code: 'SV_KNOWN_AT_NOT_YET',
    status: 422,
    fix: 'Take an instant before the watermark of the figures.',
  },
  historyBusy: {
    code: 'SV_KNOWN_AT_BUSY',
    status: 503,
    fix: 'Ask again in a minute, or for an instant that was asked for just now.',
  },
  portTaken: {
    code: 'SV_PORT_TAKEN',
    status: 409,
    fix: 'Stop what listens there, or set PORT to another port; 0 takes a free one.',
  },
  portNotAllowed: {
    code: 'SV_PORT_NOT_ALLOWED',
    status: 403,
    fix: 'Set PORT to 1024 or above, or allow this user the low ports.',
  },
  noSuchHost: {
    code: 'SV_HOST_NOT_HERE',
    status: 400,
    fix: 'Set HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0.',
  },
})

const LISTENING: Readonly<Record<string, keyof typeof refusals>> = {
  EADDRINUSE: 'portTaken',
  EACCES: 'portNotAllowed',
  EADDRNOTAVAIL: 'noSuchHost',
  ENOTFOUND: 'noSuchHost',
  EAI_AGAIN: 'noSuchHost',
}

/** What listening failed with, as a refusal where people can mend it. */
export function listeningRefused(error: unknown, host: string, port: number): unknown {
  const kind = LISTENING[(error as NodeJS.ErrnoException).code ?? '']
  if (kind === undefined) return error
  return new Refusal(refusals[kind], `Port ${port} of ${host} cannot be listened on.`, { cause: error })
}

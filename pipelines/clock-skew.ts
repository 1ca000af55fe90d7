/** The clocks of senders and ours may differ by this before their times are moved. */
export const SKEW_MS = 300_000

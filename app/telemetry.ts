/** Metrics of the platform in Prometheus' text format: gauges read when asked, counters fed from snapshots. */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'

export type Reading = { readonly name: string; readonly help: string; readonly values: readonly Sample[] }
export type Sample = { readonly labels?: Readonly<Record<string, string>>; readonly value: number }

/** `read` is called at each scrape; names get the prefix `streamverse_`. */
export function createTelemetry(read: () => Promise<readonly Reading[]>): { text(): Promise<string> } {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'streamverse_' })
  const gauges = new Map<string, Gauge>()
  const gaugeOf = ({ name, help, values }: Reading): Gauge => {
    let gauge = gauges.get(name)
    if (gauge === undefined) {
      const labelNames = Object.keys(values[0]?.labels ?? {})
      gauge = new Gauge({ name: `streamverse_${name}`, help, labelNames, registers: [registry] })
      gauges.set(name, gauge)
    }
    return gauge
  }
  return {
    text: async () => {
      for (const reading of await read()) {
        if (reading.values.length === 0) continue
        const gauge = gaugeOf(reading)
        gauge.reset()
        for (const { labels = {}, value } of reading.values) gauge.set(labels, value)
      }
      return registry.metrics()
    },
  }
}

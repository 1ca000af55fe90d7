/** The event log on a real Kafka: every promise of the suite, one broker. */
import { after } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { silentLog } from '#base/log.ts'
import { streams } from '#events/registry.ts'
import { startKafka } from '#scripts/engines/kafka.ts'
import { eventLogSuite } from '#storage/event-log/event-log.suite.ts'
import { openKafkaLog } from '#storage/event-log/kafka.ts'

const kafka = await startKafka()
after(() => kafka.stop())

eventLogSuite('kafka', (name) =>
  openKafkaLog({ url: `${kafka.url}?prefix=${name}.`, streams, clock: systemClock, log: silentLog }),
)

/** Topics from stream definitions: the same settings for topics the platform creates and for deploy/kafka-topics.sh. */
import type { StreamDefinition } from '#events/define.ts'

export type TopicSettings = {
  readonly topic: string
  readonly partitions: number
  readonly settings: Readonly<Record<string, string>>
}

const DAY_MS = 86_400_000
/** Above what one event may be: a dead letter of 100,000 characters, each up to three bytes, and headers. */
const MAX_MESSAGE_BYTES = 2 * 1024 * 1024

/** `replication` copies of each partition; null leaves that to the cluster. One copy fewer must have it to acknowledge. */
export function topicOf(stream: StreamDefinition, replication: number | null, prefix = ''): TopicSettings {
  const { name, partitions, retentionDays } = stream
  return {
    topic: prefix + name,
    partitions,
    settings: {
      'cleanup.policy': 'delete',
      'retention.ms': String(retentionDays === 'forever' ? -1 : retentionDays * DAY_MS),
      'max.message.bytes': String(MAX_MESSAGE_BYTES),
      // Age is from arrival: no producer's clock can make events old before their time.
      'message.timestamp.type': 'LogAppendTime',
      ...(replication === null ? {} : { 'min.insync.replicas': String(Math.max(1, replication - 1)) }),
      'unclean.leader.election.enable': 'false',
    },
  }
}

/**
 * What a Kafka cluster and its other readers need of the streams, written from their definitions: deploy/kafka-topics.sh,
 * which creates the topics, and deploy/kafka-schemas.json, the JSON Schema of every message. Run by `npm run contract`.
 */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import Type from 'typebox'
import { envelope } from '#events/define.ts'
import { events, streams } from '#events/registry.ts'
import { schemaOf } from '#storage/event-log/kafka-codec.ts'
import { topicOf } from '#storage/event-log/kafka-topics.ts'

const ROOT = path.join(import.meta.dirname, '..')
/** For a cluster of three brokers or more: one may be lost and events are still acknowledged. */
const REPLICATION = 3

export function renderTopics(): string {
  const lines = streams.map((stream) => {
    const { topic, partitions, settings } = topicOf(stream, REPLICATION)
    const configs = Object.entries(settings).map(([name, value]) => `--config ${name}=${value}`)
    return `create ${topic} ${partitions} \\\n  ${configs.join(' \\\n  ')}\n`
  })
  return `#!/usr/bin/env bash
# Creates the topics of the event log that are missing. Written from events/ by \`npm run contract\`; see docs/kafka.md.
#   BOOTSTRAP=host:9092 bash deploy/kafka-topics.sh
# PARTITIONS raises the partitions of playback for a large audience: choose before the first event, never change after.
# PREFIX stands before the names, as \`?prefix=\` in LOG_URL; COMMAND_CONFIG is a file with the login for Kafka's tools.
set -euo pipefail
: "\${BOOTSTRAP:?set BOOTSTRAP to host:port of a broker}"
KAFKA_TOPICS="\${KAFKA_TOPICS:-kafka-topics.sh}"
REPLICATION="\${REPLICATION:-${REPLICATION}}"
login=()
if [ -n "\${COMMAND_CONFIG:-}" ]; then login=(--command-config "$COMMAND_CONFIG"); fi
create() {
  local topic=$1 partitions=$2; shift 2
  if [ "$partitions" -gt 1 ]; then partitions="\${PARTITIONS:-$partitions}"; fi
  "$KAFKA_TOPICS" --bootstrap-server "$BOOTSTRAP" "\${login[@]}" --create --if-not-exists \\
    --topic "\${PREFIX:-}$topic" --partitions "$partitions" --replication-factor "$REPLICATION" "$@"
}

${lines.join('\n')}`
}

/** By the name that the header `ce_dataschema` gives. */
export function renderSchemas(): string {
  const schemas = events.map(({ type, version, stream, description, fields }) => {
    const id = schemaOf(type, version)
    const all = Type.Object(
      { ...envelope, ...stream.common, ...fields },
      { $id: id, title: type, description },
    )
    return [id, { ...all, 'x-topic': stream.name, 'x-key': stream.key }]
  })
  return `${JSON.stringify(Object.fromEntries(schemas), null, 2)}\n`
}

if (import.meta.main) {
  writeFileSync(path.join(ROOT, 'deploy/kafka-topics.sh'), renderTopics())
  writeFileSync(path.join(ROOT, 'deploy/kafka-schemas.json'), renderSchemas())
}

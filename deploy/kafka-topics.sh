#!/usr/bin/env bash
# Creates the topics of the event log that are missing. Written from events/ by `npm run contract`; see docs/kafka.md.
#   BOOTSTRAP=host:9092 bash deploy/kafka-topics.sh
# PARTITIONS raises the partitions of playback for a large audience: choose before the first event, never change after.
# PREFIX stands before the names, as `?prefix=` in LOG_URL; COMMAND_CONFIG is a file with the login for Kafka's tools.
set -euo pipefail
: "${BOOTSTRAP:?set BOOTSTRAP to host:port of a broker}"
KAFKA_TOPICS="${KAFKA_TOPICS:-kafka-topics.sh}"
REPLICATION="${REPLICATION:-3}"
login=()
if [ -n "${COMMAND_CONFIG:-}" ]; then login=(--command-config "$COMMAND_CONFIG"); fi
create() {
  local topic=$1 partitions=$2; shift 2
  if [ "$partitions" -gt 1 ]; then partitions="${PARTITIONS:-$partitions}"; fi
  "$KAFKA_TOPICS" --bootstrap-server "$BOOTSTRAP" "${login[@]}" --create --if-not-exists \
    --topic "${PREFIX:-}$topic" --partitions "$partitions" --replication-factor "$REPLICATION" "$@"
}

create playback.events.v1 2 \
  --config cleanup.policy=delete \
  --config retention.ms=34560000000 \
  --config max.message.bytes=2097152 \
  --config message.timestamp.type=LogAppendTime \
  --config min.insync.replicas=2 \
  --config unclean.leader.election.enable=false

create discovery.impressions.v1 1 \
  --config cleanup.policy=delete \
  --config retention.ms=34560000000 \
  --config max.message.bytes=2097152 \
  --config message.timestamp.type=LogAppendTime \
  --config min.insync.replicas=2 \
  --config unclean.leader.election.enable=false

create engagement.feedback.v1 1 \
  --config cleanup.policy=delete \
  --config retention.ms=34560000000 \
  --config max.message.bytes=2097152 \
  --config message.timestamp.type=LogAppendTime \
  --config min.insync.replicas=2 \
  --config unclean.leader.election.enable=false

create catalog.titles.v1 1 \
  --config cleanup.policy=delete \
  --config retention.ms=-1 \
  --config max.message.bytes=2097152 \
  --config message.timestamp.type=LogAppendTime \
  --config min.insync.replicas=2 \
  --config unclean.leader.election.enable=false

create media.jobs.v1 1 \
  --config cleanup.policy=delete \
  --config retention.ms=34560000000 \
  --config max.message.bytes=2097152 \
  --config message.timestamp.type=LogAppendTime \
  --config min.insync.replicas=2 \
  --config unclean.leader.election.enable=false

create models.lifecycle.v1 1 \
  --config cleanup.policy=delete \
  --config retention.ms=-1 \
  --config max.message.bytes=2097152 \
  --config message.timestamp.type=LogAppendTime \
  --config min.insync.replicas=2 \
  --config unclean.leader.election.enable=false

create delivery.requests.v1 2 \
  --config cleanup.policy=delete \
  --config retention.ms=34560000000 \
  --config max.message.bytes=2097152 \
  --config message.timestamp.type=LogAppendTime \
  --config min.insync.replicas=2 \
  --config unclean.leader.election.enable=false

create collector.dlq.v1 1 \
  --config cleanup.policy=delete \
  --config retention.ms=7776000000 \
  --config max.message.bytes=2097152 \
  --config message.timestamp.type=LogAppendTime \
  --config min.insync.replicas=2 \
  --config unclean.leader.election.enable=false

create collector.ledger.v1 1 \
  --config cleanup.policy=delete \
  --config retention.ms=7776000000 \
  --config max.message.bytes=2097152 \
  --config message.timestamp.type=LogAppendTime \
  --config min.insync.replicas=2 \
  --config unclean.leader.election.enable=false

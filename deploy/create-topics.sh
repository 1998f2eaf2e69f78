#!/bin/sh
# Creates the topics that `bank topics create` would, by Kafka's own tool: for where there is Kafka but no bank. A test
# (tests/system/test_kafka_topics.py) holds the two together.
#
#   BOOTSTRAP_SERVER=host:port deploy/create-topics.sh
#
# KAFKA_TOPICS: the tool, if not that of the apache/kafka image. PARTITIONS: of each topic.
set -eu
: "${BOOTSTRAP_SERVER:?the broker, as host:port}"

create() {
  name=$1 && shift
  # Unquoted, as the tool may be a command of several words.
  # shellcheck disable=SC2086
  ${KAFKA_TOPICS:-/opt/kafka/bin/kafka-topics.sh} --bootstrap-server "$BOOTSTRAP_SERVER" --create --if-not-exists \
    --topic "$name" --partitions "${PARTITIONS:-3}" --config cleanup.policy=delete --config compression.type=producer "$@"
}

for name in banking-transactions processed-transactions; do
  create "$name" --config message.timestamp.type=CreateTime --config message.timestamp.after.max.ms=9223372036854775807 \
    --config retention.ms=-1 --config retention.bytes=4294967296
done
create fraud-alerts --config message.timestamp.type=LogAppendTime --config retention.ms=2592000000
create analytics-results --config message.timestamp.type=LogAppendTime --config retention.ms=86400000
create banking-transactions.dlq --config message.timestamp.type=LogAppendTime --config retention.ms=2592000000 \
  --config max.message.bytes=2097152

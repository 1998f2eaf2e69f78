"""`kafka_python.py BROKER TOPIC ALERTS_TOPIC NAME RECORDS`: the seed rules with kafka-python, the Python original's client; alerts
and offsets in one Kafka transaction every 100 ms."""

import json
import sys
import time

from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import OffsetAndMetadata
from seed_rules import SeedRules

COMMIT_SECONDS = 0.1


def commit(producer, consumer):
    offsets = {partition: OffsetAndMetadata(consumer.position(partition), "", -1) for partition in consumer.assignment()}
    producer.send_offsets_to_transaction(offsets, consumer.group_metadata())
    producer.commit_transaction()


def main():
    broker, topic, alerts_topic, name, records = sys.argv[1:6]
    consumer = KafkaConsumer(topic, bootstrap_servers=broker, group_id=name, isolation_level="read_committed", enable_auto_commit=False,
                             auto_offset_reset="earliest", max_poll_records=5000)
    producer = KafkaProducer(bootstrap_servers=broker, transactional_id=name, compression_type="lz4", linger_ms=2)
    producer.init_transactions()
    rules, done, first, begun = SeedRules(), 0, None, None
    while done < int(records):
        polled = consumer.poll(timeout_ms=100)
        if polled and first is None:
            first = time.monotonic()
        if polled and begun is None:
            producer.begin_transaction()
            begun = time.monotonic()
        for messages in polled.values():
            done += len(messages)
            for message in messages:
                for account, alert in rules.alerts(message.value):
                    producer.send(alerts_topic, key=account.encode(), value=alert.encode())
        if begun is not None and (time.monotonic() - begun >= COMMIT_SECONDS or done >= int(records)):
            commit(producer, consumer)
            begun = None
    print(json.dumps({"records": done, "seconds": time.monotonic() - first}))
    consumer.close()
    producer.close()


if __name__ == "__main__":
    main()

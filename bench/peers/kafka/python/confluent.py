"""`confluent.py BROKER TOPIC ALERTS_TOPIC NAME RECORDS`: the seed rules with confluent-kafka (librdkafka under Python); alerts and
offsets in one Kafka transaction every 100 ms."""

import json
import sys
import time

from confluent_kafka import Consumer, Producer
from seed_rules import SeedRules

COMMIT_SECONDS = 0.1


def commit(producer, consumer):
    producer.send_offsets_to_transaction(consumer.position(consumer.assignment()), consumer.consumer_group_metadata())
    producer.commit_transaction()


def main():
    broker, topic, alerts_topic, name, records = sys.argv[1:6]
    consumer = Consumer({"bootstrap.servers": broker, "group.id": name, "isolation.level": "read_committed", "enable.auto.commit": False,
                         "auto.offset.reset": "earliest"})
    producer = Producer({"bootstrap.servers": broker, "transactional.id": name, "compression.type": "lz4", "linger.ms": 2})
    producer.init_transactions()
    consumer.subscribe([topic])
    rules, done, first, begun = SeedRules(), 0, None, None
    while done < int(records):
        polled = consumer.consume(5000, timeout=0.01)  # it waits for a full batch until then
        if polled and first is None:
            first = time.monotonic()
        if polled and begun is None:
            producer.begin_transaction()
            begun = time.monotonic()
        for message in polled:
            if message.error():
                raise SystemExit(f"{topic}: {message.error()}")
            done += 1
            for account, alert in rules.alerts(message.value()):
                producer.produce(alerts_topic, key=account, value=alert)
        producer.poll(0)
        if begun is not None and (time.monotonic() - begun >= COMMIT_SECONDS or done >= int(records)):
            commit(producer, consumer)
            begun = None
    print(json.dumps({"records": done, "seconds": time.monotonic() - first}))
    consumer.close()


if __name__ == "__main__":
    main()

"""`bank topics` and `bank monitor --kafka` on a broker of this test's own."""

import json
import subprocess
import tempfile
import time
import unittest

from kafka_broker import Broker, run_bank

OWN = ["banking-transactions", "fraud-alerts", "processed-transactions", "analytics-results", "banking-transactions.dlq"]


def setUpModule():
    global folder, broker
    folder = tempfile.TemporaryDirectory()
    # Retention is looked at once a second, not every five minutes.
    broker = Broker(folder.name, properties={"log.retention.check.interval.ms": 1000, "log.initial.task.delay.ms": 500})
    broker.start()


def tearDownModule():
    broker.kill9()
    folder.cleanup()


def bank(*arguments, address=None, **environment):
    return run_bank(*arguments, "--bootstrap-server", address or broker.address, **environment)


def names(prefix):
    return {"BANK_KAFKA_TRANSACTIONS_TOPIC": f"{prefix}-tx", "BANK_KAFKA_ALERTS_TOPIC": f"{prefix}-alerts",
            "BANK_KAFKA_PROCESSED_TOPIC": f"{prefix}-processed", "BANK_KAFKA_ANALYTICS_TOPIC": f"{prefix}-analytics"}


class Topics(unittest.TestCase):
    def json(self, *arguments, **environment):
        done = bank("topics", *arguments, "--json", **environment)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return {topic["topic"]: topic for topic in json.loads(done.stdout)["topics"]}

    def test_creates_five_with_three_partitions_and_the_second_time_none(self):
        created = self.json("create")
        self.assertEqual(list(created), OWN)
        self.assertTrue(all(topic["created"] for topic in created.values()))
        listed = self.json("list")
        self.assertEqual({len(topic["partitions"]) for topic in listed.values()}, {3})
        again = self.json("create")
        self.assertEqual([(topic["created"], topic["differences"]) for topic in again.values()], [(False, [])] * 5)

    def test_takes_names_and_numbers_from_settings_and_flags(self):
        created = self.json("create", "--partitions", "5", "--replication-factor", "1", **names("own"), BANK_KAFKA_DEAD_LETTER_TOPIC="own-dead")
        self.assertEqual(list(created), ["own-tx", "own-alerts", "own-processed", "own-analytics", "own-dead"])
        self.assertEqual(len(self.json("describe", "own-dead")["own-dead"]["partitions"]), 5)

    def test_says_what_differs_and_changes_nothing(self):
        broker.create_topics({"odd-tx": 2}, retention_ms=1000, compression_type="gzip")
        before = self.json("describe", "odd-tx", **names("odd"))["odd-tx"]
        done = bank("topics", "create", **names("odd"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("2 partitions; bank would make 3", done.stdout)
        self.assertIn("retention.ms is 1000; bank would set -1", done.stdout)
        self.assertIn("compression.type is gzip; bank would set producer", done.stdout)
        self.assertRegex(done.stdout, r"odd-alerts +created")
        self.assertIn("left as it is", done.stderr)
        self.assertEqual(self.json("describe", "odd-tx", **names("odd"))["odd-tx"], before)

    def test_more_copies_than_brokers_is_an_error(self):
        done = bank("topics", "create", "--replication-factor", "3", **names("copies"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot create the topic copies-tx: ", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)

    def test_counts_what_is_there(self):
        broker.create_topics({"counted-tx": 1})
        broker.produce("counted-tx", [(f"k{i}", "v") for i in range(12)])
        partition = self.json("describe", "counted-tx")["counted-tx"]["partitions"][0]
        self.assertEqual((partition["low"], partition["high"], partition["in_sync"]), (0, 12, 1))
        self.assertRegex(bank("topics", "list", **names("counted")).stdout, r"counted-tx +1 +12 ")
        self.assertRegex(bank("topics", "list", **names("counted")).stdout, r"counted-alerts +- +- +missing; bank topics create makes it")
        self.assertIn("counted-tx", self.json("list", "--all"))

    def test_events_of_long_ago_and_of_tomorrow_stay(self):
        broker.create_topics({"week": 1}, retention_ms=7 * 86_400_000)
        self.json("create", **names("old"))
        for topic in ("week", "old-tx"):
            broker.produce_at(topic, 0, [(1_000_000_000_000, b"k", b"v")])
        broker.produce_at("old-tx", 0, [(4_000_000_000_000, b"k", b"v")])
        for _ in range(100):
            if not broker.read("week"):
                break
            subprocess.run(["sleep", "0.2"], check=True)
        self.assertEqual(broker.read("week"), [], "by a week's retention they are gone, which is why bank sets none")
        self.assertEqual([record.timestamp for record in broker.read("old-tx")], [1_000_000_000_000, 4_000_000_000_000])

    def test_an_unknown_topic_is_an_error(self):
        done = bank("topics", "describe", "nowhere")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"there is no topic nowhere at {broker.address}", done.stderr)

    def test_no_broker_is_told_in_one_line(self):
        done = bank("topics", "list", address="127.0.0.1:1")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr, "error: cannot reach Kafka: no Kafka broker answers at 127.0.0.1:1 (Connection refused); is it running "
                                      "(make kafka-up), and is the address right (--bootstrap-server)?\n")


class Monitor(unittest.TestCase):
    def checks(self, **environment):
        done = bank("monitor", "--json", **environment)
        return {check["name"]: check for check in json.loads(done.stdout)["checks"] if check["name"].startswith("kafka:")}

    def test_reports_brokers_topics_and_lag(self):
        names_here = names("watched") | {"BANK_KAFKA_GROUP": "watchers"}
        self.assertEqual(self.checks(**names_here)["kafka:topic:watched-tx"]["text"], "missing; bank topics create makes it")
        self.assertEqual(bank("topics", "create", "--partitions", "1", **names_here).returncode, 0)
        broker.produce("watched-tx", [("k", "v")] * 10)
        checks = self.checks(**names_here)
        self.assertEqual((checks["kafka:brokers"]["status"], checks["kafka:brokers"]["text"]), ("OK", f"1 broker: {broker.address}"))
        self.assertEqual(checks["kafka:topic:watched-tx"]["text"], "1 partition, 10 records")
        group = checks["kafka:group:watchers"]
        self.assertEqual((group["status"], group["value"], group["text"]), ("WARNING", 10, "10 records behind; no detector is running"))
        # Reads them all, commits, and leaves.
        broker.kcat("-G", "watchers", "-X", "auto.offset.reset=earliest", "-c", "10", "watched-tx")
        broker.produce("watched-tx", [("k", "v")] * 3)
        self.assertEqual(self.checks(**names_here)["kafka:group:watchers"]["value"], 3)

    def test_a_broker_that_hangs_is_critical_within_seconds(self):
        broker.pause()
        try:
            begin = time.monotonic()
            checks = self.checks()
            seconds = time.monotonic() - begin
        finally:
            broker.resume()
            broker.wait_ready()
        self.assertEqual(checks["kafka:brokers"]["status"], "CRITICAL")
        self.assertIn(f"no answer in time from Kafka at {broker.address}", checks["kafka:brokers"]["text"])
        self.assertEqual(checks["kafka:group:bank-detector"]["status"], "UNKNOWN")
        self.assertLess(seconds, 6, "three, and what a busy machine adds")


if __name__ == "__main__":
    unittest.main()

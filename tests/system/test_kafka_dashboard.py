"""The dashboard on a real Kafka: what detectors write comes in once, over restarts of it and of the broker."""

import json
import os
import pathlib
import subprocess
import tempfile
import time

from dashboard_client import Dashboard, User, alert_line, run, wait_until
from kafka_broker import Broker
from kafka_detection import all_decided

BANK = os.environ["BANK"]
TOPICS = {"banking-transactions": 3, "fraud-alerts": 3, "processed-transactions": 3, "banking-transactions.dlq": 3}


def bank(folder, broker, *arguments):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BANK_")}
    environment["BANK_DETECT_RULES"] = str(pathlib.Path("config/rules/default.yaml").resolve())
    environment["BANK_KAFKA_WRITE_PROCESSED"] = "yes"
    subprocess.run([BANK, *arguments, "--bootstrap-server", broker.address], cwd=folder, env=environment, check=True, capture_output=True, timeout=240)


def alerts_in(broker):
    wait_until(lambda: all_decided(broker, "fraud-alerts"), "no open transaction", 30)
    return len({json.loads(record.value)["alert_id"] for record in broker.read("fraud-alerts")})


def judge(folder, broker, seed, count, *flags):
    bank(folder, broker, "generate", "-q", "--kafka", "--count", str(count), "--seed", str(seed), "--start", f"2026-0{seed}-02T10:00:00Z")
    bank(folder, broker, "detect", "--kafka", *flags, "--max", str(count), "-q")


def test_alerts_and_transactions_come_in_once():
    with tempfile.TemporaryDirectory() as folder, Broker(pathlib.Path(folder) / "broker") as broker:
        broker.create_topics(TOPICS, retention_ms=-1, message_timestamp_after_max_ms=2**63 - 1)
        judge(folder, broker, 1, 5000, "--from-beginning")
        alerts = alerts_in(broker)
        assert alerts > 0
        with Dashboard("--bootstrap-server", broker.address, source="kafka") as dashboard:
            admin = User(dashboard, "admin")

            def totals():
                now = admin.get("/api/v1/statistics")["totals"]
                return now["transactions"], now["alerts"]

            wait_until(lambda: totals() == (5000, alerts), "all that was there", 90)
            item = admin.get("/api/v1/alerts")["items"][0]
            assert item["decision"] and item["source"].startswith("banking-transactions/"), item
            dashboard.stop()
            judge(folder, broker, 2, 3000)
            more = alerts_in(broker)
            assert more > alerts
            dashboard.start()
            wait_until(lambda: totals() == (8000, more), "what came meanwhile, and nothing twice", 90)
            wait_until(lambda: dashboard.raw("GET", "/readyz").status == 200, "ready", 30)
            wait_until(lambda: admin.get("/api/v1/statistics")["lag_records"] == 0, "no lag", 30)
            broker.kill9()
            broker.start()
            judge(folder, broker, 3, 2000)
            last = alerts_in(broker)
            wait_until(lambda: totals() == (10000, last), "what came after the broker's death", 120)


def test_partitions_that_a_topic_gets_are_read_without_a_restart():
    with tempfile.TemporaryDirectory() as folder, Broker(pathlib.Path(folder) / "broker") as broker:
        broker.create_topics({"fraud-alerts": 1, "processed-transactions": 1})

        def add(partition, numbers):
            now_ms = int(time.time() * 1000)
            broker.produce_at("fraud-alerts", partition, [(now_ms, b"k", alert_line(number).strip().encode()) for number in numbers])

        with Dashboard("--bootstrap-server", broker.address, source="kafka") as dashboard:
            admin = User(dashboard, "admin")

            def alerts():
                return admin.get("/api/v1/statistics")["totals"]["alerts"]

            add(0, range(3))
            wait_until(lambda: alerts() == 3, "what was there", 60)
            broker.tool("topics", "--alter", "--topic", "fraud-alerts", "--partitions", "3")
            add(2, range(3, 8))
            wait_until(lambda: alerts() == 8, "the new partition's", 60)
            add(0, range(8, 10))
            wait_until(lambda: alerts() == 10, "the old one's", 60)
            assert admin.get("/api/v1/statistics")["lag_records"] == 0
            dashboard.stop()
            add(1, range(10, 12))
            dashboard.start()
            wait_until(lambda: alerts() == 12, "each once", 60)


if __name__ == "__main__":
    run([value for name, value in list(globals().items()) if name.startswith("test_")])

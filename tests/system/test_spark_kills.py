"""Exactly once through Spark, while executors, workers, the driver and the broker die: on a cluster of processes (tools/spark).

BANK_TEST_LONG=1 runs long versions: more kills, more records.
"""

import os
import pathlib
import random
import signal
import tempfile
import time
import unittest

from kafka_broker import Broker
from kafka_detection import generate, wait_for
from spark_job import SECONDS, Cluster
from spark_stage import SparkStage

LONG = os.environ.get("BANK_TEST_LONG") == "1"
SEED = int(os.environ.get("BANK_TEST_SEED", "1"))
# A lost executor is noticed by its broken connection; the rest waits for these.
SOON = {"spark.executor.memory": "500m", "spark.task.maxFailures": "20", "spark.executor.cores": "1", "spark.stage.maxConsecutiveAttempts": "20",
        "spark.deploy.maxExecutorRetries": "-1"}


@unittest.skipUnless(os.environ.get("BANK_TEST_LONG"), "takes many minutes: BANK_TEST_LONG=1 runs it")
class Kills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.broker = cls.enterClassContext(Broker(cls.folder / "broker"))
        cls.cluster = cls.enterClassContext(Cluster(cls.folder / "cluster"))
        cls.lines = generate(cls.folder, 300_000 if LONG else 100_000, 5_000, fraud_rate=0.05)

    def setUp(self):
        self.random = random.Random(SEED)
        self.begun = time.monotonic()

    def stage(self, name, **options):
        stage = SparkStage(self.broker, self.folder, name, **options)
        self.addCleanup(stage.clean_up)
        return stage

    def job(self, stage):
        return stage.job(self.cluster.url, spark=SOON, trigger="0s", max_per_batch=2_000 if LONG else 4_000, shards=6)

    @staticmethod
    def until_all(job):
        """Waits until the job has told that nothing is left, and stops it."""
        wait_for("nothing is left", lambda: not job.running() or any(batch["lag_records"] == 0 for batch in job.events("batch")[-1:]), SECONDS)
        return job.stop()

    def finish(self, stage, **counts):
        alerts = stage.check(self, self.lines)
        told = "".join(f", {number} {what}" for what, number in counts.items())
        print(f"{stage.name}: {len(self.lines)} records, {alerts} alerts{told}; {time.monotonic() - self.begun:.0f} s", flush=True)

    def test_kill_9_of_executors(self):
        stage = self.stage("executors")
        stage.send(self.lines)
        job = self.job(stage).start()
        kills = 0
        for _ in range(12 if LONG else 3):
            done = len(job.events("batch"))
            job.wait_for("batch", done + 1 + self.random.randrange(3))
            time.sleep(self.random.uniform(0, 1))
            executors = self.cluster.executors()
            if executors:
                os.kill(self.random.choice(executors), signal.SIGKILL)
                kills += 1
        self.until_all(job)
        self.assertGreater(kills, 1)
        self.finish(stage, kills=kills)

    def test_kill_9_of_a_worker_and_its_executors(self):
        stage = self.stage("workers")
        stage.send(self.lines)
        job = self.job(stage).start()
        kills = 0
        for kill in range(6 if LONG else 2):
            done = len(job.events("batch"))
            job.wait_for("batch", done + 1 + self.random.randrange(3))
            time.sleep(self.random.uniform(0, 1))
            name = f"worker-{1 + kill % 2}"
            for pid in self.cluster.executors(name):
                os.kill(pid, signal.SIGKILL)
            self.cluster.tool("kill", name)
            kills += 1
            job.wait_for("batch", len(job.events("batch")) + 1)  # by the other one
            self.cluster.tool("start", name)
        self.until_all(job)
        self.finish(stage, kills=kills)

    def test_kill_9_of_the_driver(self):
        stage = self.stage("drivers")
        stage.send(self.lines)
        kills = 0
        for _ in range(8 if LONG else 3):
            job = self.job(stage).start()
            job.wait_for("batch", 1 + self.random.randrange(3))
            time.sleep(self.random.uniform(0, 1))
            job.kill()
            kills += 1
        job = self.job(stage).start()
        self.until_all(job)
        self.finish(stage, kills=kills)

    def test_kill_9_of_the_broker(self):
        stage = self.stage("brokers")
        stage.send(self.lines)
        job = self.job(stage).start()
        kills = 0
        for _ in range(4 if LONG else 2):
            job.wait_for("batch", len(job.events("batch")) + 1 + self.random.randrange(2))
            time.sleep(self.random.uniform(0, 1))
            self.broker.restart(kill=True)
            kills += 1
        self.until_all(job)
        self.finish(stage, kills=kills, retries=len(job.events("retrying")))


if __name__ == "__main__":
    unittest.main()

"""Spark's stream on a real broker: what comes out, what it tells, and how it ends, in one process (local[2])."""

import json
import os
import pathlib
import tempfile
import unittest

from kafka_broker import Broker
from kafka_detection import FileMode, delete_records, generate, without_found
from spark_stage import SparkStage

RULES = """version: 1
{history}rules:
  - id: MANY
    severity: LOW
    score: 10
    when: count(5m) >= {many}
    reason: "{{count(5m)}} in 5 minutes"
"""


@unittest.skipUnless(os.environ.get("BANK_TEST_LONG"), "takes many minutes: BANK_TEST_LONG=1 runs it")
class Stream(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.broker = cls.enterClassContext(Broker(cls.folder / "broker"))
        cls.lines = generate(cls.folder, 60_000, 2_000, fraud_rate=0.05)

    def stage(self, name, **options):
        stage = SparkStage(self.broker, self.folder, name, **options)
        self.addCleanup(stage.clean_up)
        return stage

    def test_a_topic_to_its_end(self):
        lines = [line for number, line in enumerate(self.lines) for line in ([line, b"not json"] if number % 1000 == 7 else [line])]
        stage = self.stage("whole", partitions=5, processed=True)
        stage.send(lines)
        job = stage.job(shards=7, max_per_batch=13_000, console={"alerts": True, "limit": 3})
        ended = job.run()
        alerts = stage.check(self, lines)
        self.assertEqual((ended["rows"], ended["alerts"], ended["rejected"]), (len(lines), alerts, 60))
        self.assertLessEqual(ended["accounts"], len({json.loads(line)["account_number"] for line in self.lines}))
        self.assertGreater(ended["accounts"], 0)
        batches = job.events("batch")
        self.assertEqual(sum(batch["rows"] for batch in batches), len(lines))
        self.assertEqual(sum(sum(batch["alerts_by_rule"].values()) for batch in batches), alerts)
        self.assertEqual(batches[-1]["lag_records"], 0)
        self.assertGreater(batches[0]["lag_records"], 0)
        self.assertGreater(batches[-1]["state_bytes"], 0)
        self.assertLessEqual(len(job.events("alert")), 3 * len(batches))
        self.assertIn("alert_id", job.events("alert")[0]["alert"])

    def test_the_state_is_rebuilt_from_the_checkpoint(self):
        stage = self.stage("rebuilt")
        for part in range(3):
            stage.send(self.lines[part * 20_000:(part + 1) * 20_000], name=f"part{part}")
            # No shard is kept from batch to batch, so that every batch rebuilds all of them; then a new process does.
            stage.job(max_per_batch=7_000, cache_bytes=0 if part == 1 else 1 << 30).run()
        stage.check(self, self.lines)

    def test_a_stop_ends_after_the_batch_in_work(self):
        stage = self.stage("stopped")
        stage.send(self.lines)
        job = stage.job(trigger="0s", max_per_batch=10_000).start()
        job.wait_for("batch")
        ended = job.stop()
        self.assertEqual(ended["rows"], sum(batch["rows"] for batch in job.events("batch")))
        self.assertLess(ended["rows"], len(self.lines))
        rest = stage.job().run()
        self.assertEqual(ended["rows"] + rest["rows"], len(self.lines), "nothing was read twice")
        stage.check(self, self.lines)

    def test_an_idle_stream_stops_at_the_end_of_stdin_and_its_max(self):
        stage = self.stage("idle", partitions=1)
        stage.send(self.lines[:1000])
        job = stage.job(trigger="100ms").start()
        job.wait_for("batch")
        job.process.stdin.close()
        self.assertEqual(job.end()["rows"], 1000)
        stage.send(self.lines[1000:3000], name="more")
        self.assertEqual(stage.job(trigger="100ms", max=1500).run()["rows"], 1500)

    def test_at_least_once_has_the_alerts_ids_as_keys(self):
        stage = self.stage("atleast")
        stage.send(self.lines[:20_000])
        stage.job(sink="at-least-once").run()
        expected = FileMode(stage.folder, self.lines[:20_000]).alerts
        found = stage.visible(stage.alerts)
        stage.check_texts(self, "alerts", sorted(expected), sorted(without_found(record.value) for record in found))
        self.assertEqual([record.key.decode() for record in found], [json.loads(record.value)["alert_id"] for record in found])

    def test_without_a_sink_it_only_tells(self):
        stage = self.stage("nosink")
        stage.send(self.lines[:20_000])
        ended = stage.job(sink="none", console={"alerts": True}).run()
        self.assertEqual(ended["alerts"], len(FileMode(stage.folder, self.lines[:20_000]).alerts))
        self.assertEqual(stage.visible(stage.alerts), [])

    def test_state_is_forgotten_with_what_no_rule_can_need(self):
        stage = self.stage("forgets", partitions=1)
        days = [[b'{"transaction_id": "T%d-%d", "account_number": "A%d-%d", "transaction_type": "PAYMENT", "amount": 1, "timestamp": "2026-01-%02d 12:00:00"}'
                 % (day, number, day, number % 500, day) for number in range(5_000)] for day in range(1, 7)]
        states = []
        for day, lines in enumerate(days):
            stage.send(lines, name=f"day{day}")
            states.append(stage.job().run())
        self.assertEqual([ended["accounts"] for ended in states[2:]], [states[1]["accounts"]] * 4)
        self.assertLess(states[-1]["state_bytes"], 2 * states[1]["state_bytes"])
        stage.check(self, [line for lines in days for line in lines])

    def test_memory_is_given_back_when_accounts_go(self):
        line = (b'{"transaction_id": "T%d-%d", "account_number": "A%d-%d", "transaction_type": "PAYMENT", "amount": 1, "timestamp": "2026-01-%02d 12:00:00"}')
        many = [line % (1, number, 1, number, 1) for number in range(40_000)]
        few = [line % (day, number, day, number % 200, day) for day in (3, 5) for number in range(1_000)]
        stage = self.stage("shrinks", partitions=1)
        stage.send(many, name="many")
        stage.send(few, name="few")
        job = stage.job(max_per_batch=len(many))
        job.run()
        batches = job.events("batch")
        self.assertEqual([batch["accounts"] for batch in batches], [40_000, 200])
        self.assertLess(batches[-1]["state_bytes"], batches[0]["state_bytes"] / 4)
        stage.check(self, many + few)

    def rules(self, name, history="", many=4):
        path = self.folder / f"{name}.yaml"
        path.write_text(RULES.format(history=history, many=many))
        return path

    def test_a_checkpoint_of_other_histories_is_refused(self):
        stage = self.stage("foreign", rules=self.rules("first"))
        stage.send(self.lines[:2000])
        stage.job().run()
        failed = stage.job(rules=self.rules("longer", history="history: 2h\n")).run(code=1)
        self.assertEqual(failed["kind"], "rules_changed", failed)
        self.assertIn("7200 s", failed["message"])
        self.assertIn("--checkpoint", failed["advice"])
        self.assertEqual(stage.job(shards=5).run(code=1)["kind"], "checkpoint_foreign")
        # Another threshold leaves the histories as they are: it goes on.
        self.assertEqual(stage.job(rules=self.rules("tighter", many=3)).run()["rows"], 0)

    def test_a_damaged_checkpoint_is_recognised(self):
        stage = self.stage("damaged")
        stage.send(self.lines[:5000])
        stage.job(max_per_batch=1000).run()
        for path in (stage.folder / "checkpoint/state").rglob("*"):
            if path.suffix in (".changelog", ".zip") or path.name.startswith("."):
                path.unlink()
        stage.send(self.lines[5000:6000], name="more")
        failed = stage.job().run(code=1)
        self.assertEqual(failed["kind"], "checkpoint_damaged", failed)

    def test_what_is_missing_is_named(self):
        stage = self.stage("missing")
        self.assertEqual(stage.job(topic="nowhere", checkpoint=str(stage.folder / "other")).run(code=1)["kind"], "topic_missing")
        (stage.folder / "rules.yaml").write_text("version: 1\nrules:\n  - id: A\n    severity: LOW\n    score: 1\n    when: amont > 1\n    reason: x\n")
        failed = stage.job(rules=stage.folder / "rules.yaml").run(code=2)
        self.assertEqual(failed["kind"], "rules_invalid")
        self.assertIn("rules.yaml:6:11", failed["message"])
        failed = stage.job(bootstrap_servers="127.0.0.1:1").run(code=1)
        self.assertEqual(failed["kind"], "kafka_unreachable", failed)
        failed = stage.job(master="spark://127.0.0.1:1").run(code=1)
        self.assertEqual(failed["kind"], "master_unreachable", failed)

    def test_records_that_are_gone_are_told_of(self):
        stage = self.stage("gone", partitions=1)
        stage.send(self.lines[:3000])
        stage.job().run()
        stage.send(self.lines[3000:6000], name="more")
        delete_records(self.broker, stage.transactions, 0, 4000)
        failed = stage.job().run(code=1)
        self.assertEqual(failed["kind"], "offsets_lost", failed)

    def test_too_little_memory_is_told_of(self):
        stage = self.stage("memory", partitions=1)
        stage.send([b'{"a": "%s"}' % (b"x" * 900_000)] * 450)
        failed = stage.job(max_per_batch=10_000).run(code=1, memory="480m")
        self.assertEqual(failed["kind"], "heap", failed)


if __name__ == "__main__":
    unittest.main()

"""Exactly once, while detectors die, sleep, come and go, and the broker dies.

BANK_TEST_LONG=1 runs long versions: more kills, more records.
"""

import os
import pathlib
import random
import re
import signal
import tempfile
import time
import unittest

from kafka_broker import Broker
from kafka_detection import Stage, generate, wait_for

LONG = os.environ.get("BANK_TEST_LONG") == "1"
SEED = int(os.environ.get("BANK_TEST_SEED", "1"))
PEAK_MIB = 400


class Kills(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.broker = cls.enterClassContext(Broker(cls.folder / "broker"))
        cls.lines = generate(cls.folder, 400_000 if LONG else 100_000, 5_000, fraud_rate=0.05)

    def setUp(self):
        self.random = random.Random(SEED)
        self.begun = time.monotonic()

    def stage(self, name, **options):
        stage = Stage(self.broker, self.folder, name, **options)
        self.addCleanup(stage.clean_up)
        return stage

    def finish(self, stage, lines=None, **counts):
        """What is left is done by one that nobody disturbs; then all must be there."""
        stage.run_to_end()
        lines = lines or self.lines
        alerts = stage.check(self, lines)
        self.assertLess(stage.peak_mib(), PEAK_MIB)
        told = "".join(f", {number} {what}" for what, number in counts.items())
        print(f"{stage.name}: {len(lines)} records, {alerts} alerts{told}; peak {stage.peak_mib():.0f} MiB, {time.monotonic() - self.begun:.0f} s", flush=True)

    @staticmethod
    def wait_for_all(stage, partitions=3):
        wait_for("all is committed", lambda: [offset for offset, _ in stage.committed(partitions)] == stage.ends(partitions), 120)

    def kill_often(self, stage, kills, longest_s, *flags, seconds=20, interval="20ms"):
        """Kills a detector again and again while the records come in; how often it had committed something since the last time."""
        sender = stage.sender(self.lines, rate=len(self.lines) // seconds)
        self.addCleanup(sender.kill)
        progressed, before = 0, None
        for _ in range(kills):
            detector = stage.start(*flags, interval=interval)
            time.sleep(self.random.uniform(0.05, longest_s))
            self.assertTrue(detector.running(), detector.said())
            detector.kill9()
            now = stage.committed(3)
            progressed, before = progressed + (now != before), now
        stage.sent(sender)
        return progressed

    def test_kill_9_of_a_member_with_a_name(self):
        stage = self.stage("named")
        kills = 30 if LONG else 6
        progressed = self.kill_often(stage, kills, 3.0, "--instance", "one", seconds=60 if LONG else 10)
        self.assertGreater(progressed, kills // 4)
        self.finish(stage, kills=kills, progressed=progressed)

    def test_kill_9_of_a_member_without_a_name(self):
        stage = self.stage("nameless")
        kills = 30 if LONG else 5
        progressed = self.kill_often(stage, kills, 6.0, seconds=60 if LONG else 10)
        self.assertGreater(progressed, kills // 5)
        self.finish(stage, kills=kills, progressed=progressed)

    def test_kill_9_while_it_does_nothing_but_commit(self):
        stage = self.stage("committing", processed=True)
        kills = 30 if LONG else 6
        progressed = self.kill_often(stage, kills, 3.0, "--instance", "one", seconds=60 if LONG else 10, interval="1ms")
        self.finish(stage, kills=kills, progressed=progressed)

    def test_the_broker_dies_and_comes_back(self):
        stage = self.stage("brokerdies")
        kills = 5 if LONG else 2
        sender = stage.sender(self.lines, rate=len(self.lines) // (60 if LONG else 15))
        self.addCleanup(sender.kill)
        detector = stage.start()
        for _ in range(kills):
            time.sleep(self.random.uniform(2, 5))
            self.broker.restart(kill=True)
            self.assertTrue(detector.running(), detector.said())
        stage.sent(sender)
        self.wait_for_all(stage)
        detector.stop()
        self.finish(stage, broker_kills=kills)

    def test_a_sleeper_is_fenced_and_comes_back(self):
        stage = self.stage("sleeper")
        sleeps = 5 if LONG else 2
        size = len(self.lines) // (2 * sleeps + 1) + 1
        parts = [self.lines[begin:begin + size] for begin in range(0, len(self.lines), size)]
        stage.send(parts[0], name="part0")
        sleeper, other = stage.start(), stage.start()
        self.wait_for_all(stage)
        for sleep in range(1, 2 * sleeps, 2):
            sender = stage.sender(parts[sleep], rate=len(parts[sleep]) // 3, name=f"part{sleep}")
            self.addCleanup(sender.kill)
            time.sleep(self.random.uniform(0.5, 2))
            sleeper.send_signal(signal.SIGSTOP)
            stage.sent(sender, name=f"part{sleep}")
            stage.send(parts[sleep + 1], name=f"part{sleep + 1}")
            # By the other, when the sleeper's session is over, and the transaction that it may have open.
            self.wait_for_all(stage)
            sleeper.send_signal(signal.SIGCONT)
            time.sleep(self.random.uniform(1, 3))
            self.assertTrue(sleeper.running(), sleeper.said())
            sleeper, other = other, sleeper
        for each in (sleeper, other):
            each.stop()
        self.finish(stage, sleeps=sleeps)

    def test_members_join_and_leave(self):
        stage = self.stage("crowd", partitions=6)
        sender = stage.sender(self.lines, rate=len(self.lines) // (90 if LONG else 18))
        self.addCleanup(sender.kill)
        crowd, changes = [stage.start() for _ in range(3)], 0
        while sender.poll() is None:
            time.sleep(self.random.uniform(0.5, 4))
            chosen = crowd.pop(self.random.randrange(3))
            self.assertTrue(chosen.running(), chosen.said())
            if self.random.random() < 0.5:
                chosen.kill9()
            else:
                chosen.stop()
            crowd.append(stage.start())
            changes += 1
        stage.sent(sender)
        self.wait_for_all(stage, 6)
        for each in crowd:
            each.stop()
        self.finish(stage, changes=changes)

    def test_a_stop_in_full_load_commits_what_was_read(self):
        stage = self.stage("stops", processed=True)
        lines = generate(self.folder, 1_000_000 if LONG else 400_000, 20_000)
        stage.send(lines)
        stops = 0
        for how, code in [(signal.SIGTERM, 143), (signal.SIGINT, 130)] * (10 if LONG else 2):
            before = sum(max(offset, 0) for offset, _ in stage.committed(3))
            if before == len(lines):
                break
            # A small queue of the client's, so that there is something left for the next one.
            detector = stage.start("-X", "queued.max.messages.kbytes=1024,queued.min.messages=1000")
            wait_for("it reads", lambda: sum(max(offset, 0) for offset, _ in stage.committed(3)) > max(before, 0) or not detector.running())
            time.sleep(self.random.uniform(0, 0.2))
            said = detector.stop(code, how)
            stops += 1
            judged = int(re.search(r"^([\d,]+) records? \(", said, re.MULTILINE).group(1).replace(",", ""))
            self.assertEqual(sum(offset for offset, _ in stage.committed(3)) - before, judged, "what it says it has judged is committed")
            self.assertRegex(said, "Stopped: what was read until then is judged, and committed")
        self.assertGreater(stops, 1)
        self.finish(stage, lines, stops=stops)

    def test_a_stop_while_it_starts_is_a_stop(self):
        stage = self.stage("startstops")
        stage.send(self.lines[:1000])
        for _ in range(30 if LONG else 8):
            detector = stage.start(session=())
            time.sleep(self.random.uniform(0.1, 0.8))
            said = detector.stop(seconds=20)
            self.assertNotIn("error", said)


if __name__ == "__main__":
    unittest.main()

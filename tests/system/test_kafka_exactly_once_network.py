"""Exactly once over a network that is slow, cut or dead, and deaths at chosen messages of a transaction.

The network is kafka_proxy.py's, between the detector alone and the broker. BANK_TEST_LONG=1 runs long versions.
"""

import os
import pathlib
import random
import signal
import tempfile
import threading
import time
import unittest

import kafka_proxy
from kafka_broker import Broker
from kafka_detection import Stage, generate, wait_for
from kafka_proxy import Network

LONG = os.environ.get("BANK_TEST_LONG") == "1"
SEED = int(os.environ.get("BANK_TEST_SEED", "1"))


class Killed(OSError):
    pass


class OverANetwork(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.network = Network()
        cls.broker = cls.enterClassContext(Broker(cls.folder / "broker", properties=cls.network.properties()))
        cls.enterClassContext(cls.network)
        cls.lines = generate(cls.folder, 200_000 if LONG else 60_000, 3_000, fraud_rate=0.05)

    def setUp(self):
        self.random = random.Random(SEED)
        self.begun = time.monotonic()

    def tearDown(self):
        self.network.on_request = self.network.on_response = None
        self.network.delay_s, self.network.piece_bytes = 0.0, 65536
        self.network.mend()

    def stage(self, name, **options):
        stage = Stage(self.broker, self.folder, name, **options)
        stage.address = self.network.address
        self.addCleanup(stage.clean_up)
        return stage

    def finish(self, stage, **counts):
        stage.run_to_end()
        alerts = stage.check(self, self.lines)
        told = "".join(f", {number} {what}" for what, number in counts.items())
        print(f"{stage.name}: {len(self.lines)} records, {alerts} alerts{told}; peak {stage.peak_mib():.0f} MiB, {time.monotonic() - self.begun:.0f} s", flush=True)

    def die_at(self, stage, api, nth, answered):
        """A detector that is killed when its nth such request comes by, or when the answer to it does, and the message with it; whether it was."""
        seen = [0]
        detector = None

        def hook(number):
            if number != api or detector is None:
                return
            seen[0] += 1
            if seen[0] == nth:
                detector.process.send_signal(signal.SIGKILL)
            if seen[0] >= nth:
                raise Killed
        if answered:
            self.network.on_response = hook
        else:
            self.network.on_request = hook
        detector = stage.start("--until-end", "--instance", "one")
        wait_for("it ends", lambda: not detector.running(), 60)
        self.network.on_request = self.network.on_response = None
        self.assertIn(detector.process.returncode, (0, -signal.SIGKILL), detector.said())
        return detector.process.returncode != 0

    def test_kill_9_at_every_step_of_a_transaction(self):
        stage = self.stage("steps", processed=True)
        steps = [("add offsets", kafka_proxy.ADD_OFFSETS_TO_TXN), ("commit offsets", kafka_proxy.TXN_OFFSET_COMMIT),
                 ("add partitions", kafka_proxy.ADD_PARTITIONS_TO_TXN), ("produce", kafka_proxy.PRODUCE), ("end", kafka_proxy.END_TXN)]
        kills, sent, rounds = 0, 0, 3 if LONG else 1
        share = len(self.lines) // (len(steps) * 2 * rounds)
        for _ in range(rounds):
            for name, api in steps:
                for answered in (False, True):
                    stage.send(self.lines[sent:sent + share], name=f"{name} {sent}")
                    sent += share
                    before = stage.committed(3)
                    died = self.die_at(stage, api, self.random.randint(1, 3), answered)
                    kills += died
                    if died and name == "end" and answered:
                        self.assertNotEqual(stage.committed(3), before, "it died after the commit")
        stage.send(self.lines[sent:], name="rest")
        self.assertGreaterEqual(kills, len(steps) * 2 * rounds // 2)
        self.finish(stage, kills=kills)

    def test_a_detector_that_sleeps_as_it_gets_its_partitions(self):
        stage = self.stage("asleep")
        stage.send(self.lines)
        sleeper, asleep = None, threading.Event()

        def hook(api):
            if api == kafka_proxy.SYNC_GROUP and sleeper is not None and not asleep.is_set():
                sleeper.send_signal(signal.SIGSTOP)
                asleep.set()  # the answer goes on, and is there when it wakes
        self.network.on_response = hook
        sleeper = stage.start()
        self.assertTrue(asleep.wait(30))
        # The other gets all partitions when the sleeper's session is over, and does all the work or half of it.
        other = stage.start(address=self.broker.address, interval="200ms")
        wait_for("the other commits", lambda: sum(max(offset, 0) for offset, _ in stage.committed(3)) > 0, 60)
        sleeper.send_signal(signal.SIGCONT)
        wait_for("all is committed", lambda: [offset for offset, _ in stage.committed(3)] == stage.ends(3), 90)
        for each in (sleeper, other):
            each.stop()
        self.finish(stage)

    def test_a_slow_network(self):
        stage = self.stage("slow")
        self.network.delay_s, self.network.piece_bytes = 0.03, 16384
        sender = stage.sender(self.lines, rate=len(self.lines) // 10)
        self.addCleanup(sender.kill)
        detector = stage.start()
        stage.sent(sender)
        wait_for("all is committed", lambda: [offset for offset, _ in stage.committed(3)] == stage.ends(3), 120)
        detector.stop()
        self.finish(stage)

    def interrupted(self, name, interrupt, *pauses):
        stage = self.stage(name)
        sender = stage.sender(self.lines, rate=len(self.lines) // (len(pauses) * 5))
        self.addCleanup(sender.kill)
        detector = stage.start()
        for pause in pauses:
            time.sleep(self.random.uniform(1, 3))
            interrupt()
            time.sleep(pause)
            self.network.mend()
            self.assertTrue(detector.running(), detector.said())
        stage.sent(sender)
        wait_for("all is committed", lambda: [offset for offset, _ in stage.committed(3)] == stage.ends(3), 120)
        detector.stop()
        self.finish(stage, interruptions=len(pauses))

    def test_a_cut_network(self):
        self.interrupted("cut", self.network.cut, *((0.1, 1, 5, 0.1, 12, 0.5, 5, 30) if LONG else (0.1, 1, 5)))

    def test_a_network_that_swallows_everything(self):
        self.interrupted("stalled", self.network.stall, *((1, 5, 12, 25, 40) if LONG else (1, 12)))


if __name__ == "__main__":
    unittest.main()

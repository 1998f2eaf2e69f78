"""What `bank detect --kafka --metrics-port` tells of itself over HTTP, on a real broker."""

import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request

from kafka_broker import Broker, free_ports

BANK = os.environ["BANK"]
RECORDS = 20000
SAMPLE = re.compile(r'([a-z_]+)(\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})? (\S+)')


def get(port, path):
    """Status and body; (0, why) where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
    except OSError as gone:
        return 0, str(gone)


def parse(text):
    """name → labels → value; every line must be one of the format, and every sample stand below its family's HELP and TYPE."""
    families, family, helped = {}, None, None
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped = line.split()[2]
        elif line.startswith("# TYPE "):
            _, _, family, kind = line.split()
            assert family == helped and kind in ("counter", "gauge", "summary") and family not in families, line
            families[family] = {}
        else:
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert name == family and labels not in families[family], line
            families[family][labels] = float(value)
    return families


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.broker = cls.enterClassContext(Broker(pathlib.Path(cls.folder) / "broker"))
        # Event times are not of today: without this the broker would delete them soon, or refuse them.
        cls.broker.create_topics({"banking-transactions": 3, "fraud-alerts": 3, "banking-transactions.dlq": 3}, retention_ms=-1,
                                 message_timestamp_after_max_ms=2**63 - 1)
        subprocess.run([BANK, "generate", "-q", "--kafka", "--count", str(RECORDS), "--bootstrap-server", cls.broker.address], cwd=cls.folder,
                       check=True, capture_output=True, timeout=120)
        cls.broker.produce("banking-transactions", [("k", "no transaction")])

    def start(self, port, *arguments):
        process = subprocess.Popen([BANK, "detect", "--kafka", "--from-beginning", "--metrics-port", str(port), "--bootstrap-server",
                                    self.broker.address, "--group", self._testMethodName, *arguments], cwd=self.folder, text=True,
                                   env={**os.environ, "BANK_DETECT_RULES": str(pathlib.Path("config/rules/default.yaml").resolve())},
                                   stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def end(self, process):
        process.send_signal(signal.SIGTERM)
        err = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 128 + signal.SIGTERM, err)
        return err

    def wait_for(self, what, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"{what}: not within {seconds} s")
            time.sleep(0.02)

    def wait_until_ready(self, port):
        """The reasons that were given until then."""
        reasons = []

        def ready():
            status, body = get(port, "/readyz")
            if status == 503:
                self.assertEqual(body.count("\n"), 1, body)
                reasons.append(body.strip())
            return status == 200

        self.wait_for("ready", ready)
        return reasons

    def wait_until_done(self, port):
        """The metrics when all records are committed."""
        families = {}

        def done():
            families.update(parse(get(port, "/metrics")[1]))
            lag = families["bank_consumer_lag_records"]
            return len(lag) == 3 and not any(lag.values()) and families["bank_transactions_total"][None] > 0

        self.wait_for("a lag of 0", done)
        return families

    def test_metrics_tell_what_was_done(self):
        port = free_ports(1)[0]
        before = len(self.broker.read("fraud-alerts"))  # another test's
        process = self.start(port)
        self.wait_until_ready(port)
        families = self.wait_until_done(port)
        self.assertEqual(families["bank_transactions_total"], {None: RECORDS + 1})
        self.assertEqual(families["bank_rejected_total"], {None: 1})
        self.assertEqual(sum(families["bank_alerts_total"].values()), len(self.broker.read("fraud-alerts")) - before)
        self.assertGreater(sum(families["bank_alerts_total"].values()), 0)
        self.assertTrue(all(re.fullmatch(r'\{rule="\w+",severity="(LOW|MEDIUM|HIGH|CRITICAL)"\}', labels) for labels in families["bank_alerts_total"]))
        self.assertEqual(families["bank_replay_remaining_records"], {f'{{partition="{i}"}}': 0 for i in range(3)})
        self.assertGreater(families["bank_kafka_transactions_total"][None], 0)
        self.assertGreater(families["process_resident_memory_bytes"][None], 1e6)
        self.assertGreater(families["process_cpu_seconds_total"][None], 0)
        version = subprocess.run([BANK, "--version"], check=True, capture_output=True, text=True, timeout=10).stdout
        _, number, _, commit, *_ = version.replace(",", "").split()
        self.assertEqual(families["bank_build_info"], {f'{{version="{number}",commit="{commit}"}}': 1})
        text = get(port, "/metrics")[1]
        accounts = {record.key.decode() for record in self.broker.read("banking-transactions") if len(record.key) > 1}
        self.assertFalse([account for account in accounts if account in text])
        self.assertEqual(get(port, "/nowhere")[0], 404)
        self.assertIn(f"Metrics at http://127.0.0.1:{port}/metrics", self.end(process))
        self.assertEqual(get(port, "/livez")[0], 0)

    def test_a_restart_is_ready_after_its_replay(self):
        port = free_ports(1)[0]
        process = self.start(port)
        self.wait_until_ready(port)
        self.wait_until_done(port)
        process.kill()
        process.communicate(timeout=60)
        process = self.start(port)
        self.wait_until_ready(port)
        families = parse(get(port, "/metrics")[1])
        self.assertGreater(families["bank_replayed_total"][None], 0)
        self.assertEqual(set(families["bank_replay_remaining_records"].values()), {0})
        self.end(process)

    def test_not_ready_while_the_broker_does_not_answer(self):
        port = free_ports(1)[0]
        self.broker.pause()
        try:
            process = self.start(port)
            self.wait_for("an answer", lambda: get(port, "/readyz")[0] != 0)
            self.assertEqual(get(port, "/readyz"), (503, "starting: not yet in its group\n"))
            self.assertEqual(get(port, "/livez"), (200, "alive\n"))
            self.assertEqual(parse(get(port, "/metrics")[1])["bank_transactions_total"], {None: 0})
        finally:
            self.broker.resume()
        self.wait_until_ready(port)
        self.wait_until_done(port)
        self.broker.kill9()
        self.wait_for("not ready", lambda: get(port, "/readyz")[0] == 503)
        self.assertRegex(get(port, "/readyz")[1], r"^waiting for Kafka: .*\n$")
        self.assertEqual(get(port, "/livez")[0], 200)
        self.broker.start()
        reasons = self.wait_until_ready(port)  # without a record that would tell that the broker is back
        self.assertTrue(reasons)
        self.end(process)

    def test_a_whole_run_is_served_while_its_detector_works(self):
        port = free_ports(1)[0]
        process = subprocess.Popen([BANK, "run", "--mode", "kafka", "--count", "200000", "--metrics-port", str(port), "--data-dir", "run",
                                    "--bootstrap-server", self.broker.address], cwd=self.folder, text=True,
                                   env={**os.environ, "BANK_DETECT_RULES": str(pathlib.Path("config/rules/default.yaml").resolve()),
                                        "BANK_KAFKA_TRANSACTIONS_TOPIC": "run", "BANK_KAFKA_ALERTS_TOPIC": "run-alerts"},
                                   stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.wait_until_ready(port)
        self.assertIn("bank_transactions_total", parse(get(port, "/metrics")[1]))
        err = process.communicate(timeout=120)[1]
        self.assertEqual(process.returncode, 0, err)
        self.assertIn(f"Metrics at http://127.0.0.1:{port}/metrics", err)

    def test_a_port_that_is_taken_is_told(self):
        done = subprocess.run([BANK, "detect", "--kafka", "--metrics-port", str(self.broker.port), "--bootstrap-server", self.broker.address],
                              cwd=self.folder, capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, "BANK_DETECT_RULES": str(pathlib.Path("config/rules/default.yaml").resolve())})
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr, f"error: kafka.metrics_port (--metrics-port): cannot listen on 127.0.0.1:{self.broker.port}: "
                                      "Address already in use; choose a port that nobody has\n")


if __name__ == "__main__":
    unittest.main()

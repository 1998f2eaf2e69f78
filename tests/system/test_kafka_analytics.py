"""`bank analyze --kafka`: what it publishes of the last hour and day, against the report of the same transactions from files."""

import datetime
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from kafka_broker import Broker

BANK = os.environ["BANK"]
RULES = str(pathlib.Path("config/rules/default.yaml").resolve())
HERE = {"generator", "generated_at", "inputs"}  # what differs between two reports of the same


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Analytics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.broker = cls.enterClassContext(Broker(pathlib.Path(cls.folder) / "broker"))

    def setUp(self):
        self.path = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        name = self._testMethodName[:40]
        self.topics = {"transactions": f"{name}.t", "alerts": f"{name}.a", "analytics": f"{name}.r", "dead_letter": f"{name}.d"}
        # Event times are not of today: without this the broker would delete them soon, or refuse them.
        self.broker.create_topics({topic: 3 for topic in self.topics.values()}, retention_ms=-1, message_timestamp_after_max_ms=2**63 - 1)
        for topic in self.topics.values():
            self.wait_for_topic(topic)
        self.environment = {**os.environ, "BANK_DETECT_RULES": RULES, "BANK_KAFKA_BOOTSTRAP_SERVERS": self.broker.address,
                            **{f"BANK_KAFKA_{which.upper()}_TOPIC": topic for which, topic in self.topics.items()}}

    def wait_for_topic(self, topic):
        """A topic that was made just now is not known everywhere at once."""
        deadline = time.monotonic() + 60
        while b"with 3 partitions:\n" not in self.broker.kcat("-L", "-t", topic).stdout:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def bank(self, *arguments, code=0):
        done = subprocess.run([BANK, *map(str, arguments)], cwd=self.path, env=self.environment, capture_output=True, text=True, timeout=180,
                              check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def start(self, *arguments):
        process = subprocess.Popen([BANK, "analyze", "--kafka", *arguments], cwd=self.path, env=self.environment, text=True,
                                   stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def published(self):
        """What was published last, by window."""
        latest = {}
        for record in self.broker.read(self.topics["analytics"]):
            self.assertNotIn(b"\n", record.value)
            value = json.loads(record.value)
            self.assertEqual(value["window"], record.key.decode())
            self.assertEqual(value["schema_version"], 1)
            latest[value["window"]] = value
        return latest

    def fill(self, count=40000):
        self.bank("generate", "--count", count, "--output", "all.json", "-q")
        self.bank("replay", "all.json", "--kafka", "-q")
        self.bank("detect", "--kafka", "--from-beginning", "--until-end", "-q")
        self.bank("detect", "--file", "all.json", "-q")

    def report_from_files(self, begin, end):
        """The report of the transactions with these times, and of their alerts."""
        within = {}
        for name, of_one in (("all.json", "some.json"), ("data/fraud_alerts.json", "some_alerts.json")):
            lines = [line for line in (self.path / name).read_text().splitlines()
                     if begin <= time_of(json.loads(line)["timestamp"] + "+00:00") < end]
            (self.path / of_one).write_text("".join(line + "\n" for line in lines))
            within[name] = len(lines)
        self.assertGreater(within["all.json"], 0)
        self.bank("analyze", "--file", "some.json", "--alerts", "some_alerts.json", "--json", "report.json", "--html", "", "-q")
        return json.loads((self.path / "report.json").read_text())

    def test_until_end_publishes_the_report_of_the_last_hour_and_day(self):
        self.fill()
        err = self.bank("analyze", "--kafka", "--until-end")
        latest = self.published()
        self.assertEqual(set(latest), {"hour", "day"})
        newest = max(time_of(json.loads(line)["timestamp"] + "+00:00") for line in (self.path / "all.json").read_text().splitlines())
        for window, length in (("hour", datetime.timedelta(hours=1)), ("day", datetime.timedelta(days=1))):
            begin, end = time_of(latest[window]["from"]), time_of(latest[window]["to"])
            self.assertEqual(end - begin, length)
            self.assertLess(abs(newest - end), datetime.timedelta(hours=1))
            expected = self.report_from_files(begin, end)
            found = latest[window]["report"]
            self.assertEqual({key: found[key] for key in found if key not in HERE}, {key: expected[key] for key in expected if key not in HERE})
        self.assertGreater(latest["day"]["report"]["alerts"]["total"], 0)
        self.assertEqual(latest["day"]["report"]["inputs"], {"transactions": [self.topics["transactions"]], "alerts": self.topics["alerts"]})
        self.assertIn(f"{latest['day']['report']['totals']['transactions']:,} transactions", err)
        self.assertIn(f"Published to {self.topics['analytics']}", err)

    def test_follows_what_comes_and_publishes_a_last_time_when_stopped(self):
        process = self.start("--every", "500ms")
        time.sleep(3)  # it begins with what comes
        self.fill(20000)
        self.bank("analyze", "--kafka", "--until-end", "-q")
        whole = self.published()
        time.sleep(3)
        process.send_signal(signal.SIGINT)
        err = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 128 + signal.SIGINT, err)
        self.assertRegex(err, r"20,000 transactions, \S+/s; last hour: [\d,]+ transactions?, [\d,]+ alerts?")
        self.assertGreater(len(self.broker.read(self.topics["analytics"])), 6)
        for window, value in self.published().items():
            found, expected = dict(value["report"]), dict(whole[window]["report"])
            self.assertGreater(found.pop("generated_at"), expected.pop("generated_at"))
            self.assertEqual(found, expected)

    def test_nothing_there_is_no_error(self):
        err = self.bank("analyze", "--kafka", "--until-end")
        self.assertEqual(self.broker.read(self.topics["analytics"]), [])
        self.assertIn("Nothing to publish", err)

    def test_a_missing_topic_is_told_in_one_line(self):
        self.environment["BANK_KAFKA_ANALYTICS_TOPIC"] = "nowhere"
        err = self.bank("analyze", "--kafka", code=1)
        self.assertEqual(err, "error: topic nowhere does not exist; `bank topics create` makes what is missing\n")

    def test_flags_of_files_have_no_meaning(self):
        err = self.bank("analyze", "--kafka", "--json", "x.json", code=2)
        self.assertIn("--json is for files, and has no meaning with --kafka", err)


if __name__ == "__main__":
    unittest.main()

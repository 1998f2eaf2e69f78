"""`bank run --mode kafka` and `bank alerts`: the whole pipeline through a real broker finds what file mode finds."""

import json
import pathlib
import re
import tempfile
import unittest

from kafka_broker import Broker, run_bank

ROOT = pathlib.Path(__file__).resolve().parents[2]


def setUpModule():
    global folder, broker
    folder = tempfile.TemporaryDirectory()
    broker = Broker(folder.name)
    broker.start()


def tearDownModule():
    broker.kill9()
    folder.cleanup()


def bank(*arguments, check=True):
    done = run_bank(*arguments, cwd=ROOT)
    if check and done.returncode != 0:
        raise AssertionError(f"bank {' '.join(arguments)}: {done.returncode}\n{done.stderr}")
    return done


def found(path):
    """The alerts of a file without where and when they were found, sorted."""
    return sorted(re.sub(r', "detected_at": .*', "", line) for line in pathlib.Path(path).read_text().splitlines())


class Run(unittest.TestCase):
    def test_finds_what_file_mode_finds_and_does_so_again(self):
        with tempfile.TemporaryDirectory() as data:
            bank("run", "--count", "20000", "--data-dir", f"{data}/file")
            expected = found(f"{data}/file/fraud_alerts.json")
            self.assertGreater(len(expected), 100)
            for attempt in ("first", "second"):  # the same transactions again are no resends to a new run
                done = bank("run", "--mode", "kafka", "--count", "20000", "--data-dir", f"{data}/{attempt}", "--bootstrap-server", broker.address)
                self.assertEqual(found(f"{data}/{attempt}/fraud_alerts.json"), expected)
                self.assertIn("Transactions  20,000 of", done.stdout)
                self.assertIn("Against the labels", done.stdout)
                report = json.loads(pathlib.Path(f"{data}/{attempt}/analytics_report.json").read_text())
                self.assertEqual(report["totals"]["transactions"], 20000)
            shown = bank("alerts", "--kafka", "--format", "json", "--bootstrap-server", broker.address)
            self.assertEqual(len(shown.stdout.splitlines()), 2 * len(expected))
            critical = bank("alerts", "--kafka", "--severity", "CRITICAL", "--format", "json", "--bootstrap-server", broker.address)
            severities = {json.loads(line)["severity"] for line in critical.stdout.splitlines()}
            self.assertEqual(severities, {"CRITICAL"})
            table = bank("alerts", "--file", f"{data}/file/fraud_alerts.json", "--max", "3")
            self.assertEqual(len(table.stdout.splitlines()), 4)

    def test_says_in_a_line_that_no_broker_is_there(self):
        with tempfile.TemporaryDirectory() as data:
            done = bank("run", "--mode", "kafka", "--data-dir", data, "--bootstrap-server", "127.0.0.1:1", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr.splitlines()[-1], r"^error: .*127\.0\.0\.1:1")

    def test_flags_that_do_not_go_together(self):
        for arguments, text in ((("alerts", "--follow"), "--kafka"), (("run", "--mode", "kafka", "--input", "x"), "replay")):
            done = bank(*arguments, check=False)
            self.assertEqual(done.returncode, 2)
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    unittest.main()

"""What `bank detect` makes of every kind of input, order and limit, through the finished program."""

import gzip
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

BANK = os.environ["BANK"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "config/rules/default.yaml"


def make_transactions(count, seed):
    """In the order of their times; few accounts, so that windows hold something."""
    dice = random.Random(seed)
    second = 0
    for i in range(count):
        second += dice.randrange(30)
        yield {
            "transaction_id": f"T{i}", "account_number": f"A{dice.randrange(8)}", "transaction_type": "PAYMENT",
            "amount": dice.choice([5, 7.25, 120, 4500, 9000]),
            "timestamp": f"2026-01-{1 + second // 86400:02} {second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}",
            "location": dice.choice(["ATM-Downtown-01", "Online, \"Portal\"", None]), "merchant": dice.choice(["Amazon", None]),
            "status": dice.choice(["COMPLETED", "FAILED"]),
        }


def without(alerts, *fields):
    return [{key: value for key, value in alert.items() if key not in fields} for alert in alerts]


class Detect(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)
        self.transactions = list(make_transactions(3000, 1))
        self.jsonl = "".join(json.dumps(t) + "\n" for t in self.transactions).encode()
        self.write("in.jsonl", self.jsonl)

    def write(self, name, content):
        (self.path / name).parent.mkdir(exist_ok=True)
        (self.path / name).write_bytes(content)
        return name

    def detect(self, *arguments, code=0, **options):
        done = subprocess.run([BANK, "detect", "--rules", str(RULES), *map(str, arguments)], cwd=self.path, capture_output=True,
                              check=False, timeout=120, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def alerts_of(self, *arguments, **options):
        text = self.detect("--output", "-", *arguments, **options).stdout.decode()
        return without(map(json.loads, text.splitlines()), "detected_at")

    def test_every_form_of_the_same_transactions_gives_the_same_alerts(self):
        plain = self.alerts_of("--file", "in.jsonl")
        self.assertGreater(len(plain), 100)
        columns = list(self.transactions[0])
        cell = lambda value: "" if value is None else '"' + str(value).replace('"', '""') + '"'
        rows = [",".join(columns)] + [",".join(cell(t[c]) for c in columns) for t in self.transactions]
        half = self.jsonl.index(b"\n", len(self.jsonl) // 2) + 1
        forms = {
            "array.json": json.dumps(self.transactions).encode(),
            "pretty.json": json.dumps(self.transactions, indent=4).encode(),
            "rows.csv": "\r\n".join(rows).encode(),
            "lines.gz": gzip.compress(self.jsonl[:half]) + gzip.compress(self.jsonl[half:]),
            "mark.json": b"\xef\xbb\xbf" + self.jsonl,
        }
        for name, content in forms.items():
            with self.subTest(form=name):
                self.write(name, content)
                self.assertEqual(without(self.alerts_of("--file", name), "source"), without(plain, "source"))
        with self.subTest(form="stdin"):
            self.assertEqual(without(self.alerts_of("--file", "-", input=self.jsonl), "source"), without(plain, "source"))
        with self.subTest(form="two files"):
            self.write("parts/1.jsonl", self.jsonl[:half])
            self.write("parts/2.jsonl", self.jsonl[half:])
            self.assertEqual(without(self.alerts_of("--file", "parts/*"), "source"), without(plain, "source"))

    def test_the_number_of_threads_changes_nothing(self):
        outputs = {}
        for threads in (1, 2, 3, 8):
            self.detect("--file", "in.jsonl", "--threads", threads, "--output", "alerts", "--processed", "processed")
            outputs[threads] = (without(map(json.loads, (self.path / "alerts").read_text().splitlines()), "detected_at"),
                                (self.path / "processed").read_bytes())
        for threads, output in outputs.items():
            self.assertEqual(output, outputs[1], threads)
        self.assertEqual(outputs[1][1].count(b"\n"), len(self.transactions))

    def test_source_is_file_and_line(self):
        alert = self.alerts_of("--file", "in.jsonl")[0]
        line = int(alert["source"].removeprefix("in.jsonl:"))
        self.assertEqual(self.transactions[line - 1]["transaction_id"], alert["transaction_id"])

    def test_event_time_order_makes_up_for_a_shuffle(self):
        shuffled = self.jsonl.splitlines(keepends=True)
        random.Random(2).shuffle(shuffled)
        self.write("shuffled.jsonl", b"broken\n" + b"".join(shuffled))
        plain = self.alerts_of("--file", "in.jsonl", "--order", "event-time")
        sorted_alerts = self.alerts_of("--file", "shuffled.jsonl", "--order", "event-time")
        # Ties are broken by arrival, which the shuffle has changed: what is compared has none.
        times = [t["timestamp"] for t in self.transactions]
        tied = {t["transaction_id"] for t in self.transactions if times.count(t["timestamp"]) > 1}
        keep = lambda alerts: without([a for a in alerts if a["transaction_id"] not in tied], "source")
        self.assertGreater(len(keep(plain)), 100)
        self.assertEqual(keep(sorted_alerts), keep(plain))
        self.assertEqual(json.loads((self.path / "data/rejected_transactions.json").read_text())["source"], "shuffled.jsonl:1")

    def test_max(self):
        for threads in (1, 3):
            done = self.detect("--file", "in.jsonl", "--max", 250, "--threads", threads, "--output", "o/a", "--processed", "o/p")
            self.assertEqual((self.path / "o/p").read_bytes().count(b"\n"), 250)
            self.assertIn(b"250 records", done.stderr)
        self.detect("--max", 0, code=2)

    def test_other_columns(self):
        rows = "id,cc,kind,amt,at\n" + "".join(f"T{i},A1,PAYMENT,9000,2026-01-01 00:00:0{i}\n" for i in range(5))
        self.write("cards.csv", rows.encode())
        mapping = "transaction_id=id,account_number=cc,transaction_type=kind,amount=amt,timestamp=at"
        alerts = self.alerts_of("--file", "cards.csv", "--map", mapping)
        self.assertEqual([a["transaction_id"] for a in alerts if a["alert_type"] == "HIGH_AMOUNT"], [f"T{i}" for i in range(5)])
        done = self.detect("--file", "cards.csv", code=2)
        self.assertIn(b"cards.csv: ", done.stderr)
        self.detect("--file", "cards.csv", "--map", "acount_number=cc", code=2)

    def test_dead_letters_stand_beside_the_alerts(self):
        self.write("in.json", b"broken\n")
        self.detect("--file", "in.json", "--output", "deep/folder/alerts.json")
        self.assertEqual(sorted(os.listdir(self.path / "deep/folder")), ["alerts.json", "rejected_transactions.json"])
        self.assertFalse((self.path / "data").exists())
        # A configuration file that spells the defaults out changes nothing.
        (self.path / "config").mkdir()
        (self.path / "config/bank.yaml").write_bytes((RULES.parent.parent / "bank.yaml").read_bytes())
        self.detect("--file", "in.json", "--output", "other/alerts.json")
        self.assertEqual(sorted(os.listdir(self.path / "other")), ["alerts.json", "rejected_transactions.json"])
        (self.path / "config/bank.yaml").unlink()
        self.detect("--file", "in.json", "--output", "deep/alerts.json", "--rejected", "")
        self.assertEqual(sorted(os.listdir(self.path / "deep")), ["alerts.json", "folder"])

    def test_an_input_is_not_overwritten(self):
        for output in ("--output", "--processed", "--rejected"):
            done = self.detect("--file", "in.jsonl", output, "./in.jsonl", code=2)
            self.assertIn(b"is an input", done.stderr)
        self.assertEqual((self.path / "in.jsonl").read_bytes(), self.jsonl)
        self.assertEqual(os.listdir(self.path), ["in.jsonl"])

    def test_thresholds(self):
        counts = []
        for review, block in ((50, 80), (0, 101), (101, 101)):
            self.detect("--file", "in.jsonl", "--output", "a", "--processed", "p", "--review", review, "--block", block)
            decisions = [json.loads(line)["decision"] for line in (self.path / "p").read_text().splitlines()]
            counts.append(tuple(decisions.count(decision) for decision in ("APPROVE", "REVIEW", "BLOCK")))
        self.assertEqual(counts[1], (0, len(self.transactions), 0))
        self.assertEqual(counts[2], (len(self.transactions), 0, 0))
        self.assertTrue(all(counts[0]), counts[0])
        self.detect("--file", "in.jsonl", "--review", 90, "--block", 80, code=2)

    def test_alerts_of_a_stream_come_at_once(self):
        process = subprocess.Popen([BANK, "-q", "detect", "--rules", str(RULES), "--file", "-", "--output", "-", "--rejected", ""],
                                   cwd=self.path, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(process.stdout.close)
        for i in range(3):
            record = self.transactions[0] | {"transaction_id": f"S{i}", "amount": 9000}
            process.stdin.write(json.dumps(record).encode() + b"\n")
            process.stdin.flush()
            alert = json.loads(process.stdout.readline())
            while alert["transaction_id"] != f"S{i}":  # rules besides HIGH_AMOUNT fire too
                alert = json.loads(process.stdout.readline())
        process.stdin.close()
        self.assertEqual(process.wait(timeout=30), 0)

    def test_the_summary_counts(self):
        self.write("in.json", self.jsonl + b"broken\n" + json.dumps(self.transactions[-1]).encode() + b"\n")
        said = self.detect("--file", "in.json").stderr.decode()
        self.assertRegex(said, r"3,002 records")
        self.assertRegex(said, r"Rejected +1: not_json 1")
        self.assertRegex(said, r"Resends +1")
        self.assertRegex(said, r"HIGH_AMOUNT +HIGH +\d+")
        self.assertEqual(self.detect("--file", "in.json", "--output", "-").stdout.count(b"\n"),
                         (self.path / "data/fraud_alerts.json").read_bytes().count(b"\n"))
        quiet = subprocess.run([BANK, "-q", "detect", "--rules", str(RULES), "--file", "in.json"], cwd=self.path,
                               capture_output=True, check=True)
        self.assertEqual((quiet.stdout, quiet.stderr), (b"", b""))


if __name__ == "__main__":
    unittest.main()

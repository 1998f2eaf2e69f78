"""Spark's batch mode: files of every kind come to what `bank detect` writes, byte for byte but for detected_at."""

import csv
import gzip
import io
import itertools
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from kafka_detection import BANK, DEFAULT_RULES, environment, generate
from spark_job import Job, to_parquet

DETECTED_AT = re.compile(rb', "detected_at": "[^"]*"')
OUTPUTS = ("alerts", "processed", "rejected")


class Batch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        lines = generate(cls.folder, 40_000, 800, fraud_rate=0.05)
        # Disorder, resends, and what is no transaction.
        cls.lines = [line for number, line in enumerate(lines)
                     for line in ([lines[number - 40], b'{"amount": ' + str(number).encode(), b""] if number % 333 == 50 else [line])]
        cls.lines += [b'{"transaction_id": "H%d", "account_number": "HOT", "transaction_type": "PAYMENT", "amount": 3, "timestamp": "2026-02-01 %02d:%02d:00"}'
                      % (number, number // 60 % 24, number % 60) for number in range(5_000)]

    def write(self, name, data):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return name

    def jsonl(self, lines):
        return b"".join(line + b"\n" for line in lines)

    def detect(self, inputs, order):
        names = {"output": "alerts", "processed": "processed", "rejected": "rejected"}
        done = subprocess.run([BANK, "detect", "-q", "--order", order, "--rules", DEFAULT_RULES, *(word for each in inputs for word in ("--file", each)),
                               *(word for flag, name in names.items() for word in (f"--{flag}", self.folder / f"expected-{name}.jsonl"))],
                              cwd=self.folder, env=environment(), capture_output=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {name: DETECTED_AT.sub(b"", (self.folder / f"expected-{name}.jsonl").read_bytes()) for name in OUTPUTS}

    def run_all(self, *batches):
        """Runs the batches in one process: (inputs, further settings) each."""
        jobs = []
        for number, (inputs, more) in enumerate(batches):
            outputs = {name: f"found-{number}-{name}.jsonl" for name in OUTPUTS}
            jobs.append(Job(self.folder, ".", batch={"inputs": inputs, **outputs, **more}).settings)
        job = Job(self.folder, ".", batch={})
        job.settings, *job.more = jobs
        self.addCleanup(job.kill)
        job.run(seconds=600)
        self.assertEqual(len(job.events("ended")), len(batches))
        return job

    def check(self, number, inputs, order="arrival"):
        expected = self.detect(inputs, order)
        for name in OUTPUTS:
            found = DETECTED_AT.sub(b"", (self.folder / f"found-{number}-{name}.jsonl").read_bytes())
            if found != expected[name]:
                pairs = zip(found.splitlines() + [b""], expected[name].splitlines() + [b""])
                place, (came, wanted) = next((place, pair) for place, pair in enumerate(pairs, 1) if pair[0] != pair[1])
                self.fail(f"{name} of {inputs} ({order}), line {place}:\n{came.decode()}\nand not\n{wanted.decode()}")
        return len(expected["alerts"].splitlines())

    def test_every_kind_of_file(self):
        text = io.StringIO()
        fields = ["transaction_id", "account_number", "transaction_type", "amount", "timestamp", "location", "merchant", "status"]
        table = csv.DictWriter(text, fields, extrasaction="ignore")
        table.writeheader()
        table.writerows(json.loads(line) for line in self.lines[:3000] if line.startswith(b"{\"transaction_id\""))
        third = len(self.lines) // 3
        kinds = [
            [self.write("plain.jsonl", self.jsonl(self.lines))],
            [self.write("packed.jsonl.gz", gzip.compress(self.jsonl(self.lines[:3000])) + gzip.compress(self.jsonl(self.lines[3000:9000])))],
            [self.write("table.csv", text.getvalue().encode())],
            [self.write("array.json", b"[" + b",\n".join(line for line in self.lines[:3000] if line.startswith(b"{\"transaction_id\"")) + b"]")],
            [self.write("days/2.jsonl", self.jsonl(self.lines[third:])), self.write("days/1.jsonl", self.jsonl(self.lines[:third]))],
            ["days/*.jsonl"],
            [self.write("empty.jsonl", b"")],
        ]
        packed = subprocess.run(["zstd", "-q", "-c", self.folder / "plain.jsonl"], capture_output=True, check=True).stdout
        kinds.append([self.write("packed.jsonl.zst", packed)])
        parts = {"part_bytes": 700_000}
        # By turns the driver sorts the results, and Spark.
        self.run_all(*((inputs, {**parts, "few_bytes": few}) for inputs, few in zip(kinds, itertools.cycle((0, 1 << 30)))), (["days"], parts))
        alerts = [self.check(number, inputs) for number, inputs in enumerate(kinds)]
        self.assertGreater(alerts[0], 1000)
        self.check(len(kinds), ["days/*.jsonl"])  # a folder is all of its files

    def test_parquet_is_judged_as_the_lines_that_it_was_made_of(self):
        lines = [line for line in self.lines if line.startswith(b'{"transaction_id"')]
        self.write("source.jsonl", self.jsonl(lines))
        # A folder for each half, and both in one run: rows are numbered by file.
        halves = {"first": lines[:len(lines) // 2], "second": lines[len(lines) // 2:]}
        for name, half in halves.items():
            to_parquet(self.folder, self.write(f"{name}.jsonl", self.jsonl(half)), name)
        files = [self.only(f"{name}/part-*.parquet") for name in halves]
        self.run_all((files, {}), (["first", "second"], {"order": "event-time", "shards": 3}), (files, {"format": "parquet", "shards": 5}))
        for number, order in enumerate(("arrival", "event-time", "arrival")):
            expected = self.detect([f"{name}.jsonl" for name in halves], order)
            for name in OUTPUTS:
                found = DETECTED_AT.sub(b"", (self.folder / f"found-{number}-{name}.jsonl").read_bytes())
                for file, half in zip(files, halves):
                    found = found.replace(f'"source": "{file}:'.encode(), f'"source": "{half}.jsonl:'.encode())
                self.assertEqual(found.splitlines(), expected[name].splitlines(), (name, order))
            self.assertGreater(len(expected["alerts"].splitlines()), 1000)

    def only(self, pattern):
        """The name of the only file of that pattern."""
        name, = (str(path.relative_to(self.folder)) for path in self.folder.glob(pattern))
        return name

    def test_by_event_time(self):
        inputs = [self.write("late.jsonl", self.jsonl(self.lines[::-1])), self.write("more.jsonl", self.jsonl(self.lines[:2000]))]
        self.run_all((inputs, {"order": "event-time", "part_bytes": 700_000, "shards": 5}),
                     (inputs, {"order": "event-time", "shards": 1, "few_bytes": 0}))
        for number in (0, 1):
            self.check(number, inputs, "event-time")

    def test_the_report_is_that_of_bank_analyze(self):
        inputs = [self.write("report.jsonl", self.jsonl(self.lines))]
        job = self.run_all((inputs, {"report": "found.json", "tables": "tables", "top": 7, "part_bytes": 700_000}))
        self.check(0, inputs)
        done = subprocess.run([BANK, "analyze", "-q", "--file", inputs[0], "--alerts", "found-0-alerts.jsonl", "--json", "wanted.json", "--html", "", "--top", "7"],
                              cwd=self.folder, env=environment(), capture_output=True, check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        found, wanted = (json.loads((self.folder / name).read_bytes()) for name in ("found.json", "wanted.json"))
        for report in (found, wanted):
            del report["generated_at"]
        # bank analyze does not know which transactions are resends, and so takes the shares of all.
        ended = job.events("ended")[0]
        self.assertEqual((found["totals"].pop("resends"), wanted["totals"].pop("resends")), (ended["resends"], None))
        self.assertAlmostEqual(found["alerts"].pop("alerts_per_thousand"), ended["alerts"] * 1000 / ended["judged"])
        self.assertGreater(found["alerts"].pop("flagged_share"), wanted["alerts"].pop("flagged_share"))
        self.assertEqual(found["alerts"]["decisions"].pop("approve"), ended["approved"])
        del wanted["alerts"]["alerts_per_thousand"], wanted["alerts"]["decisions"]["approve"]
        self.assertEqual(found, wanted)
        titles = {table["title"]: table for table in job.events("table")}
        rows = [dict(zip(titles["by_type"]["columns"], row)) for row in titles["by_type"]["rows"]]
        self.assertEqual(rows, found["by_type"])
        for title in titles:
            self.assertTrue(list((self.folder / "tables" / title).glob("*.parquet")), title)

    def test_what_is_wrong_is_named(self):
        job = Job(self.folder, "wrong", batch={"inputs": ["nowhere.jsonl"], "alerts": "alerts.jsonl"})
        self.addCleanup(job.kill)
        failed = job.run(code=1)
        self.assertEqual(failed["kind"], "input")
        self.assertIn("nowhere.jsonl", failed["message"])
        self.assertFalse((job.folder / "alerts.jsonl").exists())


if __name__ == "__main__":
    unittest.main()

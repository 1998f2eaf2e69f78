"""The golden corpus through Spark: a topic in many small batches, and the files; each comes to what file mode writes.

The stream has all cases on one broker, each with topics and a checkpoint of its own, and takes a few records at a time.
"""

import base64
import importlib.util
import json
import os
import pathlib
import tempfile
import unittest

from kafka_broker import Broker
from kafka_detection import ROOT, end_of, read_letters
from spark_job import Job, stream

spec = importlib.util.spec_from_file_location("golden", ROOT / "tests/golden/run.py")
golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(golden)

ENGINE = {"detect.lateness": "lateness_us", "detect.map": "map", "decision.review_threshold": "review", "decision.block_threshold": "block"}
UNITS_US = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


def engine_of(case):
    """The case's settings as the job has them."""
    engine = {ENGINE[key]: value for key, value in golden.settings_of(case).items()}
    if "lateness_us" in engine:
        text = str(engine["lateness_us"])
        number = text.rstrip("smhd")
        engine["lateness_us"] = int(number) * UNITS_US[text[len(number):] or "s"]
    return engine


def cases(*suffixes):
    only = os.environ.get("BANK_TEST_CASES", "").split()
    found = [path.parent for path in sorted(golden.HERE.glob("*/rules.yaml")) if golden.input_of(path.parent).suffix in suffixes]
    return [case for case in found if not only or case.name in only]


def records_of(case):
    """(line number, bytes) of each record."""
    lines = golden.input_of(case).read_bytes().split(b"\n")
    return [(number, line.removesuffix(b"\r")) for number, line in enumerate(lines, 1) if line.strip()]


class Golden(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))

    def compare(self, case, texts):
        with self.subTest(case=case.name):
            problem = golden.difference(case, texts)
            self.assertFalse(problem, problem)


class Stream(Golden):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.broker = cls.enterClassContext(Broker(cls.folder / "broker"))

    def settings(self, number, case):
        """Few records a batch, and now one shard, now several."""
        name = f"golden-{case.name}"
        job = Job(self.folder, case.name, case / "rules.yaml", engine=engine_of(case),
                  stream=stream(self.broker.address, name, f"{name}-alerts", f"{name}-processed", shards=1 + number % 3,
                                max_per_batch=max(2, len(records_of(case)) // 5)))
        return job.settings

    def test_every_case_gives_the_same(self):
        chosen = cases(".jsonl")
        topics = {f"golden-{case.name}{end}": 1 for case in chosen for end in ("", "-alerts", "-processed", ".dlq")}
        self.broker.create_topics(topics, max_message_bytes=2_097_152)
        for case in chosen:
            lines = b"".join(record + b"\n" for _, record in records_of(case))
            self.broker.kcat("-P", "-t", f"golden-{case.name}", "-p", "0", "-X", "message.max.bytes=2000000", input=lines)
            self.assertEqual(end_of(self.broker, f"golden-{case.name}", 0), len(records_of(case)))
        job = Job(self.folder, "all", stream={})
        job.settings, *job.more = [self.settings(number, case) for number, case in enumerate(chosen)]
        self.addCleanup(job.kill)
        job.run(seconds=1200)
        self.assertEqual(len(job.events("ended")), len(chosen))
        for case in chosen:
            self.compare(case, self.texts(case))
        print(f"{len(chosen)} cases, {len(job.events('batch'))} batches", flush=True)

    def texts(self, case):
        """What came, as file mode would have written it: each account's lines as they came, in the order of the input."""
        name = f"golden-{case.name}"
        lines = [number for number, _ in records_of(case)]
        file = golden.input_of(case).name
        place = f'"source": "{name}/0/'
        alerts = []
        for record in self.broker.read(f"{name}-alerts"):
            before, found, after = record.value.decode().rpartition(place)
            self.assertTrue(found, record.value)
            offset, quote, rest = after.partition('"')
            alerts.append((int(offset), f'{before}"source": "{file}:{lines[int(offset)]}{quote}{rest}\n'))
        letters = []
        for letter in read_letters(self.broker, f"{name}.dlq"):
            field = letter.message.removesuffix(letter.reason).removesuffix(": ")
            record = {"reason": letter.reason} | ({"field": field} if field else {}) | {"source": f"{file}:{lines[letter.from_offset]}"}
            self.assertEqual((letter.topic, letter.from_partition), (name, 0))
            try:
                record["record"] = letter.value.decode()
            except UnicodeDecodeError:
                record["record_base64"] = base64.b64encode(letter.value).decode()
            letters.append((letter.from_offset, json.dumps(record, ensure_ascii=False) + "\n"))
        in_order = lambda each: "".join(text for _, text in sorted(each, key=lambda pair: pair[0]))  # noqa: E731
        processed = [record.value.decode() + "\n" for record in self.broker.read(f"{name}-processed")]
        return {"output": golden.without_detected_at(in_order(alerts)), "processed": "".join(self.as_expected(case, processed)),
                "rejected": in_order(letters)}

    @staticmethod
    def as_expected(case, processed):
        """The lines with the accounts interleaved as in the expected ones; none has a mark of when it came."""
        by_account = {}
        for line in processed:
            by_account.setdefault(json.loads(line)["account_number"], []).append(line)
        ordered = []
        for line in (case / golden.OUTPUTS["processed"]).read_text(encoding="utf-8").splitlines():
            own = by_account.get(json.loads(line)["account_number"])
            ordered += [own.pop(0)] if own else []
        return ordered + [line for own in by_account.values() for line in own]


class Batch(Golden):
    def test_every_case_gives_the_same(self):
        chosen = cases(".jsonl", ".csv")
        settings = []
        for number, case in enumerate(chosen):
            input_of = golden.input_of(case)
            (self.folder / "batch" / case.name).mkdir(parents=True)
            (self.folder / "batch" / case.name / input_of.name).write_bytes(input_of.read_bytes())
            outputs = {"alerts": "output", "processed": "processed", "rejected": "rejected"}
            # Cut into small parts, so that most records stand in none of them whole.
            job = Job(self.folder / "batch", case.name, case / "rules.yaml", engine=engine_of(case),
                      batch={"inputs": [f"{case.name}/{input_of.name}"], "shards": 1 + number % 3, "part_bytes": 300 + 100 * (number % 5),
                             "few_bytes": 0 if number % 2 else 1 << 20} |
                      {name: f"{case.name}/{output}.jsonl" for name, output in outputs.items()})
            settings.append(job.settings)
        job = Job(self.folder, "batch", batch={})
        job.settings, *job.more = settings
        self.addCleanup(job.kill)
        job.run(seconds=1200)
        self.assertEqual(len(job.events("ended")), len(chosen))
        for case in chosen:
            texts = {}
            for output in golden.OUTPUTS:
                text = (self.folder / "batch" / case.name / f"{output}.jsonl").read_bytes().decode()
                texts[output] = text.replace(f'"source": "{case.name}/', '"source": "')
            texts["output"] = golden.without_detected_at(texts["output"])
            self.compare(case, texts)
        print(f"{len(chosen)} cases", flush=True)


if __name__ == "__main__":
    unittest.main()

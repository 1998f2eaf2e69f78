"""The golden corpus through Kafka: what a topic's records come to is what a file's come to.

Cases in CSV have no counterpart here. A file's blank lines are no records, and its records' ends no part of them.
"""

import base64
import importlib.util
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from kafka_broker import Broker
from kafka_detection import BANK, ROOT, end_of, environment, read_letters

spec = importlib.util.spec_from_file_location("golden", ROOT / "tests/golden/run.py")
golden = importlib.util.module_from_spec(spec)
spec.loader.exec_module(golden)

OUTPUTS = {"output": "golden-alerts", "processed": "golden-processed", "rejected": "golden-dlq"}


def records_of(case):
    """(line number, bytes) of each record."""
    lines = golden.input_of(case).read_bytes().split(b"\n")
    return [(number, line.removesuffix(b"\r")) for number, line in enumerate(lines, 1) if line.strip()]


class Golden(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.broker = cls.enterClassContext(Broker(cls.folder / "broker"))

    def send(self, topic, records):
        # kcat takes one record a line.
        self.broker.kcat("-P", "-t", topic, "-p", "0", "-X", "message.max.bytes=2000000", input=b"".join(record + b"\n" for _, record in records))

    def detect(self, case, topic):
        settings = {"BANK_" + key.upper().replace(".", "_"): str(value) for key, value in golden.settings_of(case).items()}
        done = subprocess.run([BANK, "detect", "--kafka", "--from-beginning", "--until-end", "--bootstrap-server", self.broker.address, "--group", topic,
                               "--rules", case / "rules.yaml", "--commit-interval", "10ms"],
                              env=environment(**settings, BANK_KAFKA_TRANSACTIONS_TOPIC=topic, BANK_KAFKA_ALERTS_TOPIC=OUTPUTS["output"],
                                              BANK_KAFKA_PROCESSED_TOPIC=OUTPUTS["processed"], BANK_KAFKA_DEAD_LETTER_TOPIC=OUTPUTS["rejected"],
                                              BANK_KAFKA_WRITE_PROCESSED="yes", BANK_KAFKA_STATE_DIR=str(self.folder / "state")),
                              cwd=self.folder, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, f"{case.name}: {done.stderr.decode()}")

    def test_every_case_gives_the_same(self):
        only = os.environ.get("BANK_TEST_CASES", "").split()
        cases = [path.parent for path in sorted(golden.HERE.glob("*/rules.yaml")) if golden.input_of(path.parent).suffix == ".jsonl"]
        cases = [case for case in cases if not only or case.name in only]
        self.broker.create_topics({topic: 1 for topic in OUTPUTS.values()}, max_message_bytes=2_097_152)
        self.broker.create_topics({f"golden-{case.name}": 1 for case in cases}, max_message_bytes=2_097_152)
        marks = []
        for case in cases:
            topic = f"golden-{case.name}"
            records = records_of(case)
            self.send(topic, records)
            self.assertEqual(end_of(self.broker, topic, 0), len(records))
            self.detect(case, topic)
            marks.append({output: end_of(self.broker, name, 0) for output, name in OUTPUTS.items()})
        found = {"output": self.broker.read(OUTPUTS["output"]), "processed": self.broker.read(OUTPUTS["processed"]), "rejected": self.dead_letters()}
        begun = dict.fromkeys(OUTPUTS, 0)
        for case, end in zip(cases, marks):
            with self.subTest(case=case.name):
                lines = [number for number, _ in records_of(case)]
                own = {output: [record for record in records if begun[output] <= self.offset(record) < end[output]] for output, records in found.items()}
                texts = {"output": golden.without_detected_at("".join(self.at_its_line(record.value.decode(), case, lines) + "\n" for record in own["output"])),
                         "processed": "".join(record.value.decode() + "\n" for record in own["processed"]),
                         "rejected": "".join(self.at_its_line(text, case, lines) + "\n" for _, text in own["rejected"])}
                problem = golden.difference(case, texts)
                self.assertFalse(problem, problem)
            begun = end
        print(f"{len(cases)} cases", flush=True)

    @staticmethod
    def offset(record):
        return record[0] if len(record) == 2 else record.offset

    @staticmethod
    def at_its_line(text, case, lines):
        place = f'"source": "golden-{case.name}/0/'
        before, found, after = text.rpartition(place)
        assert found, text
        offset, quote, rest = after.partition('"')
        return f'{before}"source": "{golden.input_of(case).name}:{lines[int(offset)]}{quote}{rest}'

    def dead_letters(self):
        """(offset, what file mode writes for it) of each."""
        written = []
        for letter in read_letters(self.broker, OUTPUTS["rejected"]):
            field = letter.message.removesuffix(letter.reason).removesuffix(": ")
            record = {"reason": letter.reason} | ({"field": field} if field else {})
            record["source"] = f"{letter.topic}/{letter.from_partition}/{letter.from_offset}"
            try:
                record["record"] = letter.value.decode()
            except UnicodeDecodeError:
                record["record_base64"] = base64.b64encode(letter.value).decode()
            written.append((letter.offset, json.dumps(record, ensure_ascii=False)))
        return written


if __name__ == "__main__":
    unittest.main()

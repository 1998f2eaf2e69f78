"""The differential test itself: it must find a planted mistake, make its case small, and find nothing without one."""

import os
import pathlib
import stat
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import differential  # noqa: E402

# Takes the flags of `bank detect`, and is the oracle with MISTAKE applied to it.
PROGRAM = f"""#!{sys.executable} -B
import os, sys
sys.path.insert(0, {str(HERE.parent / "oracle")!r})
import expressions, oracle
MISTAKE
flags = dict(zip(sys.argv[2::2], sys.argv[3::2]))
def setting(key, default):
    return os.environ.get("BANK_" + key, default)
alerts, processed, rejected, _ = oracle.detect(
    flags["--rules"], [flags["--file"]], expressions.duration_us(setting("DETECT_LATENESS", "1h")),
    int(setting("DECISION_REVIEW_THRESHOLD", 50)), int(setting("DECISION_BLOCK_THRESHOLD", 80)))
alerts = alerts.replace(', "source": ', ', "detected_at": "2026-01-01T00:00:00.000000Z", "source": ')
for flag, text in (("--output", alerts), ("--processed", processed), ("--rejected", rejected)):
    with open(flags[flag], "wb") as file:
        file.write(text.encode())
"""
LEAVES_OUT_THE_EDGE = """
def window(self, width, prior):
    found = [entry for entry in self.history if self.this.time - width < entry.time <= self.this.time]
    return found if prior else found + [self.this]
expressions.Situation.window = window
"""
CASES = 12


class DifferentialTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def comparison(self, mistake):
        path = os.path.join(self.folder.name, "program")
        with open(path, "w", encoding="utf-8") as file:
            file.write(PROGRAM.replace("MISTAKE", mistake))
        os.chmod(path, stat.S_IRWXU)
        return differential.Comparison(path)

    def test_the_oracle_agrees_with_itself(self):
        comparison = self.comparison("")
        for number in range(CASES):
            self.assertFalse(comparison.differs(differential.make_case("self", number, 0.0)), number)

    def test_a_planted_mistake_is_found_and_made_small(self):
        comparison = self.comparison(LEAVES_OUT_THE_EDGE)
        cases = (differential.make_case("self", number, 0.0) for number in range(CASES))
        case = next((case for case in cases if comparison.differs(case)), None)
        self.assertIsNotNone(case)
        small = differential.shrink(case, comparison.differs, time.monotonic() + 60)
        self.assertTrue(comparison.differs(small))
        self.assertEqual(len(small.rules), 1)
        self.assertLessEqual(len(small.records), 4)
        kept = pathlib.Path(self.folder.name) / "kept"
        self.assertIn("expected_alerts.jsonl", differential.keep(small, comparison, kept))
        self.assertTrue((kept / "rules.yaml").exists())

    def test_a_case_is_made_of_its_seed_and_number_alone(self):
        one, other = (differential.make_case("self", 5, 0.0) for _ in range(2))
        self.assertEqual((one.records, one.rules, one.head, one.settings), (other.records, other.rules, other.head,
                                                                            other.settings))


if __name__ == "__main__":
    unittest.main()

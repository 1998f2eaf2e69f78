"""What can be wrong with the input, one by one, through the finished program: the record is kept whole with its reason, file and line,
the rest goes on, and memory stays bounded. What can't be read at all, or written, ends with its exit code and a message."""

import base64
import json
import os
import pathlib
import resource
import signal
import subprocess
import tempfile
import time
import unittest

BANK = os.environ["BANK"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = ROOT / "config/rules/seed.yaml"
SANITIZED = any(word in BANK for word in ("/asan/", "/tsan/"))  # their memory is not the program's

GOOD = {"transaction_id": "T1", "account_number": "A1", "transaction_type": "PAYMENT", "amount": 6000,
        "timestamp": "2026-01-01 00:00:00"}


def record(**fields):
    return json.dumps(GOOD | fields).encode()


def with_amount(text):
    return record(amount="@").replace(b'"@"', text.encode())


# A record, and the reason for which it must be refused.
REFUSED = [
    (record()[:-20], "not_json"),
    (record().replace(b"A1", b"A\xff"), "not_utf8"),
    (record().replace(b"A1", b"A\xed\xa0\x80"), "not_utf8"),
    (record()[:-1] + b', "amount": 1}', "duplicate_key"),
    (b"[" * 100_000 + b"]" * 100_000, "not_object"),
    (record()[:-1] + b', "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", None),
    (record()[:-1] + b', "x": "' + b"y" * 10_000_000 + b'"}', "too_long"),
    (b"12", "not_object"),
    (b"null", "not_object"),
    (b"{}", "missing_field"),
    (b"{", "not_json"),
    (b"garbage", "not_json"),
    (record() + b" trailing", "not_json"),
    (b'{"a": tru}', "not_json"),
    (with_amount("1e400"), "amount_too_large"),
    (with_amount("NaN"), "not_json"),
    (with_amount("-1"), "amount_negative"),
    (with_amount("1.00005"), "amount_too_precise"),
    (with_amount('"12"'), "wrong_type"),
    (with_amount("9223372036854775808"), "amount_too_large"),
    (with_amount("01"), "not_json"),
    (with_amount("true"), "wrong_type"),
    (with_amount("null"), "missing_field"),
    (record(timestamp="2026-02-30 00:00:00"), "bad_timestamp"),
    (record(timestamp="0000-01-01 00:00:00"), "bad_timestamp"),
    (record(timestamp="99999-01-01 00:00:00"), "bad_timestamp"),
    (record(timestamp="2026-01-01T00:00:00"), "bad_timestamp"),
    (record(timestamp=5), "wrong_type"),
    (record(account_number=""), "bad_length"),
    (record(account_number="A" * 65), "bad_length"),
    (record(account_number=12), "wrong_type"),
    (record(transaction_id="T" * 129), "bad_length"),
    (record(transaction_type=["PAYMENT"]), "wrong_type"),
    (record(status="DONE"), "bad_status"),
    (record(location={}), "wrong_type"),
]


class Scratch(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def write(self, name, content):
        (self.path / name).write_bytes(content)
        return name

    def detect(self, *arguments, rules=SEED, **options):
        command = [BANK, "detect", "--rules", str(rules), "--output", "alerts", "--rejected", "rejected", *map(str, arguments)]
        return subprocess.run(command, cwd=self.path, capture_output=True, text=True, check=False, timeout=120, **options)

    def lines(self, name):
        return [json.loads(line) for line in (self.path / name).read_text().splitlines()]


class BadRecords(Scratch):
    def test_each_is_refused_alone_and_kept_whole(self):
        for bad, reason in REFUSED:
            with self.subTest(record=bad[:80], reason=reason):
                self.write("in.json", record(transaction_id="before") + b"\n" + bad + b"\n" + record(transaction_id="after") + b"\n")
                done = self.detect("--file", "in.json")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual([a["transaction_id"] for a in self.lines("alerts") if a["alert_type"] == "HIGH_AMOUNT"][-1], "after")
                rejected = self.lines("rejected")
                if reason is not None:
                    self.assertEqual([line["reason"] for line in rejected], [reason])
                for line in rejected:
                    self.assertEqual(line["source"], "in.json:2")
                kept = b"".join(base64.b64decode(line["record_base64"]) if "record_base64" in line else line["record"].encode()
                                for line in rejected)
                self.assertEqual(kept, bad if rejected else b"")

    def test_all_together_on_any_number_of_threads(self):
        text = b"".join(record(transaction_id=f"good{i}") + b"\n" + bad + b"\n" for i, (bad, _) in enumerate(REFUSED))
        self.write("in.json", text)
        outputs = set()
        for threads in (1, 2, 5):
            self.assertEqual(self.detect("--file", "in.json", "--threads", threads).returncode, 0)
            alerts = [{key: value for key, value in alert.items() if key != "detected_at"} for alert in self.lines("alerts")]
            outputs.add((json.dumps(alerts), (self.path / "rejected").read_text()))
        self.assertEqual(len(outputs), 1)

    def test_truncated_last_line(self):
        self.write("in.json", record() + b"\n" + record(transaction_id="T2")[:-5])
        self.assertEqual(self.detect("--file", "in.json").returncode, 0)
        self.assertEqual([line["reason"] for line in self.lines("rejected")], ["not_json"])
        self.assertEqual(len(self.lines("alerts")), 1)

    def test_last_line_without_newline_counts(self):
        self.write("in.json", record() + b"\n" + record(transaction_id="T2"))
        self.assertEqual(self.detect("--file", "in.json").returncode, 0)
        self.assertEqual(len(self.lines("alerts")), 2)

    @unittest.skipIf(SANITIZED, "a sanitizer's memory is not the program's")
    def test_a_line_of_half_a_gigabyte_keeps_memory_bounded(self):
        with open(self.path / "in.json", "wb") as file:
            for _ in range(256):
                file.write(b"x" * (2 << 20))
            file.write(b"\n" + record() + b"\n")
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        done = self.detect("--file", "in.json", "--rejected", "/dev/null")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(self.lines("alerts")), 1)
        self.assertLess(max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss), 400 << 10, "KiB")


class BadFiles(Scratch):
    def test_empty_file(self):
        self.write("in.json", b"")
        done = self.detect("--file", "in.json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.lines("alerts"), self.lines("rejected")), ([], []))

    def test_missing_file(self):
        done = self.detect("--file", "gone.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("gone.json", done.stderr)
        self.assertEqual(os.listdir(self.path), [])

    def test_unreadable_file(self):
        self.write("in.json", record())
        os.chmod(self.path / "in.json", 0)
        os.chmod(self.path, 0o777)
        if os.geteuid() == 0:
            rules = self.path / "rules.yaml"
            rules.write_bytes(SEED.read_bytes())
            program = self.path / "bank"
            program.write_bytes(pathlib.Path(BANK).read_bytes())
            program.chmod(0o755)
            rules.chmod(0o644)
            done = subprocess.run([program, "detect", "--rules", "rules.yaml", "--file", "in.json", "--output", "alerts", "--rejected", ""],
                                  cwd=self.path, user=65534, group=65534, extra_groups=[], capture_output=True, text=True, check=False)
        else:
            done = self.detect("--file", "in.json")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("in.json", done.stderr)
        self.assertIn("ermission", done.stderr)
        self.assertFalse((self.path / "alerts").exists())

    def test_folder_for_a_file(self):
        (self.path / "in.json").mkdir()
        done = self.detect("--file", "in.json")
        self.assertEqual(done.returncode, 1)
        self.assertIn("in.json", done.stderr)

    def test_damaged_gzip(self):
        import gzip
        packed = gzip.compress(b"".join(record(transaction_id=f"T{i}") + b"\n" for i in range(20_000)))
        self.write("in.json.gz", packed[: len(packed) // 2])
        self.write("alerts", b"of an earlier run\n")
        done = self.detect("--file", "in.json.gz")
        self.assertEqual(done.returncode, 1)
        self.assertIn("in.json.gz", done.stderr)
        self.assertIn("No file was written", done.stderr)
        self.assertEqual(sorted(os.listdir(self.path)), ["alerts", "in.json.gz"])
        self.assertEqual((self.path / "alerts").read_bytes(), b"of an earlier run\n")

    def test_a_file_of_another_kind_is_told_even_if_quiet(self):
        self.write("in.json", b"neither\nof\nthese\n")
        done = self.detect("--file", "in.json", "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no record is a valid transaction; rejected: 3: not_json 3", done.stderr)

    def test_full_disk(self):
        self.write("in.json", b"".join(record(transaction_id=f"T{i}") + b"\n" for i in range(2000)))
        done = self.detect("--file", "in.json", "--output", "/dev/full")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/dev/full", done.stderr)
        self.assertIn("No space left", done.stderr)

    def test_full_disk_leaves_no_half_file(self):
        self.write("in.json", b"".join(record(transaction_id=f"T{i}") + b"\n" for i in range(20_000)))
        done = self.detect("--file", "in.json", preexec_fn=lambda: (
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))))
        self.assertEqual(done.returncode, 1)
        self.assertIn("alerts", done.stderr)
        self.assertEqual(os.listdir(self.path), ["in.json"])

    def test_rules_with_a_typo(self):
        self.write("in.json", record())
        self.write("rules.yaml", SEED.read_bytes().replace(b"count(5m)", b"cuont(5m)", 1))
        done = self.detect("--file", "in.json", rules="rules.yaml")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"rules\.yaml:\d+:\d+: .*cuont")
        self.assertIn("count", done.stderr)
        self.assertFalse((self.path / "alerts").exists())

    def test_rules_file_missing(self):
        self.write("in.json", record())
        done = self.detect("--file", "in.json", rules="gone.yaml")
        self.assertEqual(done.returncode, 2)
        self.assertIn("gone.yaml", done.stderr)

    def test_unknown_flag_and_setting(self):
        self.assertEqual(self.detect("--flie", "x").returncode, 2)
        (self.path / "bank.yaml").write_text("detect:\n  threds: 2\n")
        done = self.detect("--config", "bank.yaml")
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r"bank\.yaml:2:3: .*threds")


class Stops(Scratch):
    def test_fail_on(self):
        self.write("in.json", record())
        self.assertEqual(self.detect("--file", "in.json", "--fail-on", "HIGH").returncode, 3)
        self.assertEqual(len(self.lines("alerts")), 1)
        self.assertEqual(self.detect("--file", "in.json", "--fail-on", "CRITICAL").returncode, 0)

    def test_signals_leave_complete_records(self):
        for stop, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            with self.subTest(signal=stop):
                os.mkfifo(self.path / "pipe")
                process = subprocess.Popen([BANK, "detect", "--rules", str(SEED), "--file", "pipe", "--output", "alerts", "--rejected", ""],
                                           cwd=self.path, stderr=subprocess.PIPE, text=True)
                with open(self.path / "pipe", "wb", buffering=0) as pipe:
                    pipe.write(b"".join(record(transaction_id=f"T{i}") + b"\n" for i in range(100)) + record()[:30])
                    time.sleep(0.5)
                    process.send_signal(stop)
                    _, said = process.communicate(timeout=30)
                self.assertEqual(process.returncode, code, said)
                self.assertEqual(len([a for a in self.lines("alerts") if a["alert_type"] == "HIGH_AMOUNT"]), 100)
                for name in os.listdir(self.path):
                    os.unlink(self.path / name)

    def test_reader_of_stdout_went_away(self):
        self.write("in.json", b"".join(record(transaction_id=f"T{i}") + b"\n" for i in range(50_000)))
        done = subprocess.run(f"set -o pipefail; '{BANK}' detect --rules '{SEED}' --file in.json --output - --rejected '' | head -n 1",
                              shell=True, executable="/bin/bash", cwd=self.path, capture_output=True, text=True, check=False)
        self.assertEqual(done.stdout.count("\n"), 1)
        self.assertEqual(done.returncode, 141, done.stderr)


if __name__ == "__main__":
    unittest.main()

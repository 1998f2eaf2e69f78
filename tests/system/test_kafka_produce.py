"""`bank generate --kafka` and `bank replay`, on a real broker: what stands in the topic, also when the broker dies."""

import collections
import csv
import datetime
import gzip
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import unittest

from kafka_broker import Broker

BANK = os.environ["BANK"]
SPOOL = "data/undelivered_transactions.json"


def lines_of(content):
    return content.splitlines()


def milliseconds(timestamp):
    time_utc = datetime.datetime.strptime(timestamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    return int(time_utc.timestamp()) * 1000


class Produce(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.broker = cls.enterClassContext(Broker(pathlib.Path(cls.folder) / "broker"))

    def setUp(self):
        self.path = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        self.topic = self._testMethodName[:60]
        if not self.alive():  # a test before this one has failed half-way
            self.broker.start()
        # Event times are not of today: without this the broker would delete them soon, or refuse them.
        self.broker.create_topics({self.topic: 4}, retention_ms=-1, message_timestamp_after_max_ms=2**63 - 1)

    def alive(self):
        try:
            self.broker.wait_ready(0)
        except OSError:
            return False
        return True

    def command(self, name, *arguments):
        return [BANK, name, "--kafka", "--topic", self.topic, "--bootstrap-server", self.broker.address, *map(str, arguments)]

    def bank(self, name, *arguments, code=0, **options):
        done = subprocess.run(self.command(name, *arguments), cwd=self.path, capture_output=True, check=False, timeout=120, **options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr.decode()

    def start(self, name, *arguments):
        process = subprocess.Popen(self.command(name, *arguments), cwd=self.path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def end(self, process, code=0):
        err = process.communicate(timeout=120)[1].decode()
        self.assertEqual(process.returncode, code, err)
        return err

    def generate_file(self, *arguments, name="in.json"):
        done = subprocess.run([BANK, "generate", "-q", "--output", name, *map(str, arguments)], cwd=self.path, check=False,
                              capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return lines_of((self.path / name).read_bytes())

    def wait_for_records(self, count):
        self.broker.kcat("-C", "-q", "-c", str(count), "-t", self.topic, "-o", "beginning")

    def check(self, records, lines):
        """The topic holds these lines, each once, keyed and timed, each account's in one partition and in order."""
        expected = collections.defaultdict(list)
        for line in lines:
            transaction = json.loads(line)
            key = transaction["account_number"].encode()
            expected[key].append((line, milliseconds(transaction["timestamp"])))
        found = collections.defaultdict(list)
        partitions = collections.defaultdict(set)
        for record in records:
            found[record.key].append((record.value, record.timestamp))
            partitions[record.key].add(record.partition)
        self.assertEqual(len(records), len(lines))
        self.assertEqual(found, expected)
        self.assertTrue(all(len(of_account) == 1 for of_account in partitions.values()))

    def test_generate_gives_the_topic_what_it_gives_a_file(self):
        lines = self.generate_file("--count", 30000, "--labels", "truth.json")
        err = self.bank("generate", "--count", 30000)
        self.assertIn(f"{self.topic} (4 partitions) at {self.broker.address}", err)
        self.assertRegex(err, "Delivered +30,000 ")
        records = self.broker.read(self.topic)
        self.check(records, lines)
        self.assertEqual(len({record.partition for record in records}), 4)
        self.assertEqual((self.path / "data/labels.json").read_bytes(), (self.path / "truth.json").read_bytes())
        self.assertFalse((self.path / "data/sample_transactions.json").exists())
        self.assertFalse((self.path / SPOOL).exists())
        # As Java's clients choose: murmur2 of the key.
        self.broker.produce(self.topic, [(records[0].key.decode(), "again")], "-X", "partitioner=murmur2_random")
        again = [record for record in self.broker.read(self.topic) if record.value == b"again"]
        self.assertEqual(again[0].partition, records[0].partition)

    def test_replay_sends_the_bytes_of_json_and_rows_as_json(self):
        lines = self.generate_file("--count", 3000)
        transactions = [json.loads(line) for line in lines]
        parts = [lines[:1000], lines[1000:2000], lines[2000:]]
        (self.path / "1.json.gz").write_bytes(gzip.compress(b"\n".join(parts[0]) + b"\n"))
        (self.path / "2.json").write_bytes(b"[" + b",\n".join(parts[1]) + b"]")
        rows = io.StringIO()
        writer = csv.writer(rows)
        writer.writerow(["note", *transactions[0]])
        writer.writerows(["x", *(transaction.values())] for transaction in transactions[2000:])
        (self.path / "3.csv").write_text(rows.getvalue())
        err = self.bank("replay", "[12].json*", "3.csv")
        self.assertRegex(err, "Delivered +3,000 ")
        records = self.broker.read(self.topic)
        parse = lambda line: {**json.loads(line), "amount": float(json.loads(line)["amount"])}
        key = lambda transaction: transaction["transaction_id"]
        self.assertEqual(sorted(map(parse, (record.value for record in records)), key=key), sorted(map(parse, lines), key=key))
        whole = {line for part in parts[:2] for line in part}
        self.assertEqual({record.value for record in records} & whole, whole)

    def test_replay_of_a_pipe_with_limits(self):
        lines = self.generate_file("--count", 500)
        text = b"\n".join(lines) + b"\n"
        self.bank("replay", "-", "--max", 200, input=text)
        self.check(self.broker.read(self.topic), lines[:200])
        self.bank("replay", "in.json", "--skip", 200)
        self.check(self.broker.read(self.topic), lines)
        self.assertIn("'0' ", self.bank("replay", "in.json", "--max", 0, code=2).replace("Value 0", "'0'"))

    def test_replay_with_other_names_sends_those_of_the_contract(self):
        line = b'{"id":"T1","cc":"A1","kind":"PAYMENT","amt":9.50,"at":"2026-01-01 00:00:00"}\n'
        mapping = "transaction_id=id,account_number=cc,transaction_type=kind,amount=amt,timestamp=at"
        self.bank("replay", "-", "--map", mapping, input=line)
        record, = self.broker.read(self.topic)
        self.assertEqual(record.key, b"A1")
        self.assertEqual(json.loads(record.value)["transaction_id"], "T1")

    def test_invalid_records_go_to_the_detector_or_are_skipped(self):
        line = self.generate_file("--count", 1)[0]
        early = line.replace(b"2026-", b"1955-")
        bad = [b"broken", line.replace(b"amount", b"amuont"), b"\xff"]
        self.broker.create_topics({self.topic + "-2": 1})
        (self.path / "bad.json").write_bytes(b"\n".join([bad[0], line, *bad[1:], early]) + b"\n")
        err = self.bank("replay", "bad.json")
        self.assertIn("3, sent as they are, without a key", err)
        records = self.broker.read(self.topic)
        self.assertEqual(sorted(record.value for record in records if record.key is None), sorted(bad))
        self.assertEqual({record.value for record in records if record.key is not None}, {line, early})
        self.assertEqual([record.timestamp for record in records if record.value == early], [1])  # brokers know nothing earlier
        now_ms = time.time() * 1000
        self.assertTrue(all(abs(record.timestamp - now_ms) < 60_000 for record in records if record.key is None))
        self.assertIn("3, skipped", self.bank("replay", "bad.json", "--skip-invalid", "--topic", self.topic + "-2"))
        self.assertEqual(len(self.broker.read(self.topic + "-2")), 2)

    def test_a_record_longer_than_the_contract_allows_is_not_sent(self):
        line = self.generate_file("--count", 1)[0]
        (self.path / "long.json").write_bytes(line + b"\n" + b" " * 5 + b'{"x":"' + b"x" * 2**21 + b'"}\n')
        self.assertIn("error: long.json:2: a record longer than 1 MiB", self.bank("replay", "long.json", code=1))
        self.check(self.broker.read(self.topic), [line])
        self.bank("replay", "long.json", "--skip-invalid")

    def test_a_record_too_large_for_the_topic_fails_alone(self):
        small = self.generate_file("--count", 20)
        self.broker.create_topics({self.topic + "-2": 1}, max_message_bytes=20000, compression_type="uncompressed")
        blob = os.urandom(510_000).hex().encode()
        large = small[0][:-1] + b', "note": "' + blob + b'"}'
        (self.path / "mixed.json").write_bytes(b"\n".join([*small[:10], large, *small[10:]]) + b"\n")
        err = self.bank("replay", "mixed.json", "--topic", self.topic + "-2", code=1)
        self.assertIn("a record is larger than the topic takes (max.message.bytes); 1 record not delivered", err)
        self.assertEqual([record.value for record in self.broker.read(self.topic + "-2")], small)
        self.assertEqual((self.path / SPOOL).read_bytes(), large + b"\n")

    def test_a_topic_that_refuses_the_event_times_ends_it(self):
        self.broker.create_topics({self.topic + "-2": 1}, message_timestamp_before_max_ms=1000)
        err = self.bank("generate", "--count", 100, "--topic", self.topic + "-2", code=1)
        self.assertIn("message.timestamp.after.max.ms", err)
        self.assertEqual(len(lines_of((self.path / SPOOL).read_bytes())), 100)

    def test_a_broker_that_dies_and_comes_back_loses_and_repeats_nothing(self):
        # Kafka forgets a producer a day behind the newest record time that it has sent (producer.id.expiration.ms), and with it
        # what it would know a repeat by: so the event times are of today.
        two_hours_ago = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)
        lines = self.generate_file("--count", 200000, "--accounts", 2000, "--per-day", 1200, "--start", f"{two_hours_ago:%Y-%m-%d %H:%M:%S}")
        process = self.start("replay", "in.json", "--rate", 40000)
        for _ in range(2):
            self.wait_for_records(1)
            time.sleep(0.7)
            self.broker.restart(kill=True)
        err = self.end(process)
        self.assertRegex(err, "Delivered +200,000 ")
        self.assertIn("warning: cannot send to topic", err)
        self.assertIn("The broker answers again.", err)
        self.check(self.broker.read(self.topic), lines)

    def test_a_broker_that_stays_away_ends_it_and_the_spool_completes_the_topic(self):
        # The output of a stream depends on when it starts, so it is replayed from a file.
        lines = self.generate_file("--count", 100000)
        process = self.start("replay", "in.json", "--rate", 3000, "-X", "message.timeout.ms=2000")
        self.wait_for_records(1)
        time.sleep(1)
        self.broker.kill9()
        err = self.end(process, code=1)
        self.broker.start()
        error, = [line for line in err.splitlines() if line.startswith("error: ")]
        self.assertIn(f"no Kafka broker answers at {self.broker.address}", error)
        self.assertIn(f"`bank replay {SPOOL} --kafka` sends them", error)
        read = int(re.search(r"--skip (\d+)", err).group(1))
        uncertain = re.search(r"\((\d+) of them perhaps", error)
        uncertain = int(uncertain.group(1)) if uncertain else 0
        spooled = lines_of((self.path / SPOOL).read_bytes())
        there = [record.value for record in self.broker.read(self.topic)]
        order = {line: i for i, line in enumerate(lines)}
        self.assertEqual([order[line] for line in spooled], sorted(order[line] for line in spooled))
        self.assertEqual(set(there) | set(spooled), set(lines[:read]))
        self.assertLessEqual(len(there) + len(spooled) - read, uncertain)
        self.assertGreater(len(spooled), 1000)
        err = self.bank("replay", SPOOL)
        self.assertIn(f"{SPOOL} is delivered, and removed.", err)
        self.assertFalse((self.path / SPOOL).exists())
        self.bank("replay", "in.json", "--skip", read)
        records = self.broker.read(self.topic)
        self.assertLessEqual(len(records) - len(lines), uncertain)
        if uncertain == 0:
            self.check(records, lines)
        self.assertEqual({record.value for record in records}, set(lines))

    def test_generate_keeps_what_it_made_when_the_broker_stays_away(self):
        process = self.start("generate", "--rate", 2000, "--start", "2026-01-01", "--labels", "truth.json", "-X", "message.timeout.ms=2000")
        self.wait_for_records(1)
        self.broker.kill9()
        err = self.end(process, code=1)
        self.broker.start()
        made = int(re.search(r"^([\d,]+) transactions of", err, re.M).group(1).replace(",", ""))
        there = [record.value for record in self.broker.read(self.topic)]
        spooled = lines_of((self.path / SPOOL).read_bytes())
        ids = {json.loads(line)["transaction_id"] for line in there + spooled}
        self.assertEqual(len(ids), made)
        for label in lines_of((self.path / "truth.json").read_bytes()):
            self.assertIn(json.loads(label)["transaction_id"], ids)

    def test_an_interrupt_delivers_what_was_made(self):
        process = self.start("generate", "--stream", "--rate", 1000)
        self.wait_for_records(500)
        process.send_signal(signal.SIGINT)
        err = self.end(process, code=130)
        self.assertIn("Stopped; every transaction sent is delivered.", err)
        made = int(re.search(r"^([\d,]+) transactions of", err, re.M).group(1).replace(",", ""))
        records = self.broker.read(self.topic)
        self.assertEqual(len(records), made)
        self.assertEqual({json.loads(record.value)["transaction_id"][-8:] for record in records}, {f"{i:08}" for i in range(1, made + 1)})

    def test_an_interrupted_replay_says_how_to_go_on(self):
        lines = self.generate_file("--count", 20000)
        process = self.start("replay", "in.json", "--rate", 1000)
        self.wait_for_records(300)
        process.send_signal(signal.SIGTERM)
        err = self.end(process, code=143)
        self.bank("replay", "in.json", "--skip", re.search(r"--skip (\d+)", err).group(1))
        self.check(self.broker.read(self.topic), lines)

    def test_a_rate_is_kept(self):
        for arguments in (["generate"], ["replay", "in.json"]):
            with self.subTest(command=arguments[0]):
                self.generate_file("--count", 5000)
                begin = time.monotonic()
                err = self.bank(*arguments, "--rate", 500, "--count", 5000)
                self.assertLess(time.monotonic() - begin, 14)
                seconds = float(re.search(r" in ([\d.]+) s ", err).group(1))
                self.assertAlmostEqual(seconds, 10, delta=0.5)

    def test_a_speed_follows_the_event_times(self):
        lines = [json.dumps({"transaction_id": f"T{i}", "account_number": "A", "transaction_type": "PAYMENT", "amount": 1,
                             "timestamp": f"2026-01-0{day} 00:0{i // 60}:{i % 60:02}"}).encode()
                 for day in (1, 5) for i in range(0, 121, 4)]  # two times two minutes; the gap is passed over
        lines.insert(5, lines[0].replace(b"2026-", b"2199-").replace(b"T0", b"T-1"))  # and one mistaken date
        (self.path / "in.json").write_bytes(b"\n".join(lines) + b"\n")
        err = self.bank("replay", "in.json", "--speed", "60x")
        self.assertAlmostEqual(float(re.search(r" in ([\d.]+) s ", err).group(1)), 4, delta=0.6)
        self.check(self.broker.read(self.topic), lines)

    def test_wrong_flags_are_told(self):
        for code, says, arguments in (
            (2, "--output and --kafka", ["generate", "--output", "x.json"]),
            (2, "--format and --kafka", ["generate", "--format", "csv"]),
            (2, "enable.idempotence", ["generate", "-X", "enable.idempotence=false"]),
            (2, "60x", ["replay", "in.json", "--speed", "fast"]),
            (2, "excludes", ["replay", "in.json", "--speed", "2", "--rate", "3"]),
            (1, "`bank topics create`", ["generate", "--topic", "nowhere"]),
            (1, "no Kafka broker answers at 127.0.0.1:1 ", ["generate", "--bootstrap-server", "127.0.0.1:1"]),
        ):
            with self.subTest(arguments=arguments):
                self.generate_file("--count", 1)
                self.assertIn(says, self.bank(*arguments, code=code))
        for arguments in (["replay", "in.json"], ["generate", "--topic", "x"]):
            done = subprocess.run([BANK, *arguments], cwd=self.path, capture_output=True, check=False, timeout=30)
            self.assertEqual(done.returncode, 2)
            self.assertIn(b"--kafka", done.stderr)


if __name__ == "__main__":
    unittest.main()

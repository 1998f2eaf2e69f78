"""Exactly once whatever the records are, and wherever a group, its topic or its rules were left."""

import collections
import datetime
import json
import os
import pathlib
import random
import re
import subprocess
import tempfile
import unittest

from kafka_broker import Broker
from kafka_detection import (FileMode, Stage, commit, delete_records, delete_topic, end_of, generate, read_letters, wait_for, without_found)

LONG = os.environ.get("BANK_TEST_LONG") == "1"
SEED = int(os.environ.get("BANK_TEST_SEED", "1"))
LATENESS_S = 3600
WEEK_RULES = """version: 1
rules:
  - {id: BUSY_WEEK, severity: LOW, score: 10, when: count(7d) >= 20, reason: "{count(7d)} in a week"}
"""


def time_of(line):
    return datetime.datetime.fromisoformat(json.loads(line)["timestamp"].replace("Z", ""))


def transaction(number, account, timestamp, amount="6000.00"):
    return json.dumps({"transaction_id": number, "account_number": account, "transaction_type": "PAYMENT", "amount": float(amount),
                       "timestamp": timestamp}).encode()


class Records(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.broker = cls.enterClassContext(Broker(cls.folder / "broker"))
        cls.lines = generate(cls.folder, 200_000 if LONG else 60_000, 2_000, fraud_rate=0.05)  # 5,000 a day

    def setUp(self):
        self.random = random.Random(SEED)

    def stage(self, name, **options):
        stage = Stage(self.broker, self.folder, name, **options)
        self.addCleanup(stage.clean_up)
        return stage

    def told(self, stage, alerts, more=""):
        print(f"{stage.name}: {alerts} alerts{more}; peak {stage.peak_mib():.0f} MiB", flush=True)

    def in_parts(self, stage, lines, parts):
        """Sends part by part, with a detector that starts anew for each."""
        for part in range(parts):
            stage.send(lines[part * len(lines) // parts:(part + 1) * len(lines) // parts], name=f"part{part}")
            stage.run_to_end()

    # ---- poison

    def poison(self, number):
        """(bytes, or None) that are no transaction; of every kind in turn."""
        whole = b'{"transaction_id": "P%d", "account_number": "P", "transaction_type": "PAYMENT", "amount": 9999, "timestamp": "2026-01-01 00:00:00"' % number
        return [whole, whole + b', "merchant": "\xff\xfe"}', b"\x00\x01\x02 not a record", b"[1, 2, 3]", whole.replace(b"9999", b"-1") + b"}", None][number % 6]

    def test_poison_goes_to_the_dead_letters_whole(self):
        stage = self.stage("poison", processed=True, max_message_bytes=2_097_152)
        keyed = [(json.loads(line)["account_number"].encode(), line) for line in self.lines]
        count = len(self.lines) // 100
        for number in range(count):
            keyed.insert(self.random.randrange(len(keyed)), (b"%d" % number, self.poison(number)))
        valid = b'{"transaction_id": "%s", "account_number": "L", "transaction_type": "PAYMENT", "amount": 1, "timestamp": "2026-01-01 00:00:00", "x": "%s"}'
        padding = b"x" * (1_048_576 - len(valid % (b"longest", b"")))
        large = [(b"L", valid % (b"longest", padding)),  # as long as may be
                 (b"L", valid % (b"longer", padding) + b"}"),  # as long as that one, and no JSON
                 (b"L", b"\xff" + b"x" * 1_048_570), (b"L", b"{" + b"y" * 1_200_000)]
        keyed[len(keyed) // 2:len(keyed) // 2] = large
        text = b"".join(key + b"\t" + (value or b"") + b"\n" for key, value in keyed)
        self.broker.kcat("-P", "-t", stage.transactions, "-K", "\t", "-Z", "-X", "partitioner=murmur2_random", "-X", "message.max.bytes=2000000",
                         "-X", "enable.idempotence=true", input=text)
        self.broker.produce_at(stage.transactions, 1, [(0, None, b""), (0, None, None), (0, b"", b" ")])

        detector = stage.start("--until-end")
        said = detector.end()
        file = FileMode(stage.folder, [value for _, value in keyed if value is not None])
        stage.check(self, self.lines, rejected=False, file=file)

        letters = read_letters(self.broker, stage.dead_letters)
        bodiless = [("not_json", value) for value in [None] * (sum(value is None for _, value in keyed) + 1) + [b"", b" "]]
        self.assertEqual(sorted((letter.reason, letter.value or b"") for letter in letters),
                         sorted(file.dead_letters() + [(reason, value or b"") for reason, value in bodiless]))
        read = {(record.partition, record.offset): record for record in self.broker.read(stage.transactions)}
        for letter in letters:
            self.assertEqual(letter.topic, stage.transactions)
            record = read[letter.from_partition, letter.from_offset]
            self.assertEqual((letter.key, letter.value), (record.key, record.value))
        self.assertEqual(len({(letter.from_partition, letter.from_offset) for letter in letters}), len(letters))
        self.assertIn(f"{len(letters):,}", said)
        self.told(stage, len(file.alerts), f", {len(letters)} dead letters")

    def test_a_dead_letter_that_its_topic_does_not_take_ends_the_run(self):
        stage = self.stage("toosmall", create=False)
        self.broker.create_topics({stage.transactions: 1}, max_message_bytes=2_097_152)
        self.broker.create_topics({stage.alerts: 1, stage.processed: 1, stage.dead_letters: 1}, max_message_bytes=100_000)
        wait_for("the broker knows its topics", lambda: stage.there(stage.dead_letters))
        noise = bytes(self.random.choices(range(33, 127), k=500_000))  # it hardly gets smaller by compression
        self.broker.kcat("-P", "-t", stage.transactions, "-p", "0", "-X", "message.max.bytes=2000000", input=noise + b"\n")
        said = stage.start("--until-end").end(code=1, seconds=60)
        self.assertIn(stage.dead_letters, said)
        self.assertIn("max.message.bytes", said)
        self.assertEqual(stage.committed(1)[0][0], 0, "nothing is passed over")
        # With room for it, it goes on.
        self.broker.tool("configs", "--alter", "--entity-type", "topics", "--entity-name", stage.dead_letters, "--add-config", "max.message.bytes=2000000")
        stage.run_to_end()
        self.assertEqual([letter.value for letter in read_letters(self.broker, stage.dead_letters)], [noise])

    # ---- order and time

    def test_resends_and_late_ones(self):
        stage = self.stage("resends", processed=True)
        arriving = []
        for line in self.lines:
            at = time_of(line).timestamp()
            arriving.append((at + self.random.uniform(0, LATENESS_S - 1), line))
            if self.random.random() < 0.1:
                arriving.append((at + self.random.uniform(0, LATENESS_S - 1), line))
        lines = [line for _, line in sorted(arriving, key=lambda each: each[0])]
        self.in_parts(stage, lines, 6)
        self.told(stage, stage.check(self, lines), f", {len(lines)} records")

    def replay_bounds(self, stage, lines):
        """For each partition: position, floor, outliers; checks that the replay is no longer than it need be."""
        bounds = []
        day_rate = 5_000 / 3  # a partition's
        for offset, metadata in stage.committed(3):
            found = re.fullmatch(r"bank/1 floor=(\d+) reach=(\d+) lineage=\d+ columns=\d+(?: outliers=([\d,]+))?", metadata)
            self.assertTrue(found, metadata)
            floor, outliers = int(found[1]), [int(each) for each in (found[3] or "").split(",") if each]
            self.assertEqual(int(found[2]), (24 * 3600 + 2 * LATENESS_S) * 1_000_000)
            # What a day and two hours hold, what doesn't fill a bucket at either end, and what is uneven.
            self.assertLess(offset - floor, day_rate * 26 / 24 * 1.5 + 2 * 4096, (offset, metadata))
            bounds.append((offset, floor, outliers))
        return bounds

    def with_a_clock_ahead(self, lines, places, account="AHEAD"):
        """The lines with transactions dated in the year 2099 of one account at these places."""
        out = list(lines)
        for number, place in sorted(enumerate(places), key=lambda each: -each[1]):
            out.insert(place, transaction(f"{account}-{number}", account, f"2099-01-01 00:{number // 60:02}:{number % 60:02}"))
        return out

    def test_a_clock_that_runs_years_ahead(self):
        stage = self.stage("ahead")
        lines = self.with_a_clock_ahead(self.lines, [len(self.lines) * part // 10 for part in range(1, 9)])
        self.in_parts(stage, lines, 5)
        bounds = self.replay_bounds(stage, lines)
        self.assertEqual(sum(len(outliers) for _, _, outliers in bounds), 8, bounds)
        self.told(stage, stage.check(self, lines), f", bounds {bounds}")

    def test_a_clock_that_is_ahead_from_the_first_record_on(self):
        stage = self.stage("early")
        lines = self.with_a_clock_ahead(self.lines, [0, 1, 2])
        self.in_parts(stage, lines, 3)
        bounds = self.replay_bounds(stage, lines)
        self.assertEqual(sum(len(outliers) for _, _, outliers in bounds), 3, bounds)
        self.told(stage, stage.check(self, lines))

    def test_a_busy_account_whose_clock_runs_years_ahead(self):
        stage = self.stage("busyahead")
        places = [len(self.lines) * part // 1000 for part in range(1, 900)]
        lines = list(self.lines)
        for number, place in sorted(enumerate(places), key=lambda each: -each[1]):
            when = datetime.datetime(2099, 1, 1) + datetime.timedelta(hours=number)
            lines.insert(place, transaction(f"BUSY-{number}", "BUSY", str(when), "10.00" if number % 20 else "6000.00"))
        self.in_parts(stage, lines, 4)
        self.replay_bounds(stage, lines)
        self.told(stage, stage.check(self, lines))

    # ---- rules that change

    def test_rules_that_change_between_two_runs(self):
        stage = self.stage("rules")
        other = stage.folder / "week.yaml"
        other.write_text(WEEK_RULES)
        half = len(self.lines) // 2
        three_quarters = half + half // 2
        stage.send(self.lines[:half], name="first")
        stage.run_to_end()
        replayed = [offset for offset, _ in stage.committed(3)]
        stage.send(self.lines[half:three_quarters], name="second")
        said = stage.run_to_end(rules=other)
        self.assertIn(f"{sum(replayed):,} records, for their history", said, "windows of a week need all that there is")
        stage.send(self.lines[three_quarters:], name="third")
        stage.run_to_end()

        ids = [json.loads(line)["transaction_id"] for line in self.lines]
        second = set(ids[half:three_quarters])
        week = [alert for alert in FileMode(stage.folder, self.lines[:three_quarters], other).alerts if json.loads(alert)["transaction_id"] in second]
        default = [alert for alert in FileMode(stage.folder, self.lines).alerts if json.loads(alert)["transaction_id"] not in second]
        found = [without_found(record.value) for record in stage.visible(stage.alerts)]
        self.assertGreater(len(week), 100)
        stage.check_texts(self, "alerts", default[:0] + sorted(default + week), sorted(found))
        versions = collections.Counter(json.loads(alert)["rules_version"] for alert in found)
        self.assertEqual(sorted(versions.values()), sorted((len(default), len(week))))
        self.told(stage, len(found))

    # ---- offsets of others

    def test_an_offset_that_another_tool_has_committed(self):
        stage = self.stage("foreign")
        stage.send(self.lines)
        starts = [end // 2 for end in stage.ends(3)]
        for partition, offset in enumerate(starts):
            commit(self.broker, stage.group, stage.transactions, partition, offset)
        said = stage.run_to_end()
        self.assertIn(f"{sum(starts):,} records, for their history", said)
        judged = {json.loads(record.value)["transaction_id"] for record in self.broker.read(stage.transactions) if record.offset >= starts[record.partition]}
        wanted = [alert for alert in FileMode(stage.folder, self.lines).alerts if json.loads(alert)["transaction_id"] in judged]
        found = [without_found(record.value) for record in stage.visible(stage.alerts)]
        stage.check_texts(self, "alerts", wanted, found)
        self.told(stage, len(found))

    def test_metadata_that_is_damaged_costs_time_only(self):
        stage = self.stage("damaged")
        half = len(self.lines) // 2
        stage.send(self.lines[:half], name="first")
        stage.run_to_end()
        committed = stage.committed(3)
        beyond = re.sub(r"floor=\d+ reach=\d+", "floor=99999999 reach=99999999999999", committed[1][1])
        for (partition, (offset, _)), metadata in zip(enumerate(committed), ("bank/1 floor=x", beyond, "bank/2")):
            commit(self.broker, stage.group, stage.transactions, partition, offset, metadata)
        stage.send(self.lines[half:], name="second")
        stage.run_to_end()
        self.told(stage, stage.check(self, self.lines))

    def test_a_topic_made_anew_is_an_error(self):
        stage = self.stage("anew")
        stage.send(self.lines[:3000])
        stage.run_to_end()
        offsets = stage.committed(3)
        delete_topic(self.broker, stage.transactions)  # Kafka forgets the group's offsets with it; other copies of them don't go
        wait_for("the topic is made", lambda: self.made(stage.transactions))
        wait_for("it is served", lambda: stage.there(stage.transactions, 3))
        stage.send(self.lines[:300], name="again")
        for partition, (offset, metadata) in enumerate(offsets):
            commit(self.broker, stage.group, stage.transactions, partition, offset, metadata)
        said = stage.start("--until-end").end(code=1, seconds=60)
        self.assertRegex(said, rf"error: partition \d of {stage.transactions} ends at \d+, before group {stage.group}'s offset \d+: was the topic made anew\?")

    def made(self, topic, partitions=3):
        try:
            self.broker.create_topics({topic: partitions}, retention_ms=-1, message_timestamp_after_max_ms=2**63 - 1)
        except RuntimeError:
            return False
        return True

    def test_records_that_went_before_they_were_judged_are_told(self):
        stage = self.stage("gone")
        half = len(self.lines) // 2
        stage.send(self.lines[:half], name="first")
        stage.run_to_end()
        stage.send(self.lines[half:], name="second")
        gone = 0
        for partition, (offset, _) in enumerate(stage.committed(3)):
            delete_records(self.broker, stage.transactions, partition, offset + 100)
            gone += 100
        said = stage.run_to_end()
        for partition in range(3):
            self.assertIn(f"Partition {partition} of {stage.transactions}: 100 records that were not yet judged are no longer in the log", said)
        self.assertEqual([offset for offset, _ in stage.committed(3)], stage.ends(3))
        alerts = [json.loads(record.value)["alert_id"] for record in stage.visible(stage.alerts)]
        self.assertEqual(len(alerts), len(set(alerts)))

    def test_history_that_went_is_done_without(self):
        stage = self.stage("shortlog")
        half = len(self.lines) // 2
        stage.send(self.lines[:half], name="first")
        stage.run_to_end()
        for partition, (offset, _) in enumerate(stage.committed(3)):
            delete_records(self.broker, stage.transactions, partition, offset)
            self.assertEqual(end_of(self.broker, stage.transactions, partition, time_of=-2), offset)
        stage.send(self.lines[half:], name="second")
        said = stage.run_to_end()
        self.assertNotIn("no longer in the log", said)
        expected = FileMode(stage.folder, self.lines[:half]).alerts + FileMode(stage.folder, self.lines[half:]).alerts
        found = [without_found(record.value) for record in stage.visible(stage.alerts)]
        stage.check_texts(self, "alerts", sorted(expected), sorted(found))

    # ---- snapshots

    def snapshot_stage(self, name, **options):
        """A stage with a snapshot on its disk, and the rules and lines that make one worth while."""
        stage = self.stage(name, partitions=1, **options)
        stage.rules = stage.folder / "week.yaml"
        stage.rules.write_text(WEEK_RULES)
        lines = generate(self.folder, 300_000, 20_000)  # six days
        return stage, lines

    def test_a_snapshot_shortens_the_replay_and_a_damaged_one_costs_time_only(self):
        stage, lines = self.snapshot_stage("snapshots")
        stage.send(lines[:250_000], name="first")
        stage.run_to_end()
        snapshots = list(stage.folder.glob("state/**/*.snapshot"))
        self.assertEqual(len(snapshots), 1)
        stage.send(lines[250_000:275_000], name="second")
        self.assertNotIn("for their history", stage.run_to_end())
        with snapshots[0].open("r+b") as file:
            file.seek(100_000)
            file.write(b"damaged")
        stage.send(lines[275_000:], name="third")
        self.assertIn("275,000 records, for their history", stage.run_to_end())
        self.told(stage, stage.check(self, lines))

    def test_a_snapshot_of_a_topic_that_was_made_anew_is_not_used(self):
        stage, lines = self.snapshot_stage("stale")
        stage.send(lines[:250_000], name="first")
        stage.run_to_end()
        self.assertTrue(list(stage.folder.glob("state/**/*.snapshot")))
        for topic in (stage.transactions, stage.alerts):
            delete_topic(self.broker, topic)
            wait_for("the topic is made", lambda: self.made(topic, 1))
            wait_for("it is served", lambda: stage.there(topic))
        other = generate(self.folder, 300_000, 20_000, seed=7)
        stage.send(other[:280_000], name="second")
        detector = stage.start()
        wait_for("all is committed", lambda: stage.committed(1)[0][0] == 280_000)
        detector.kill9()  # so that it writes no snapshot of its own
        stage.send(other[280_000:], name="third")
        stage.run_to_end()
        self.told(stage, stage.check(self, other))

    def test_a_full_disk_under_the_snapshots_costs_time_only(self):
        stage, lines = self.snapshot_stage("fulldisk")
        disk = self.small_disk(stage, "size=64k")
        stage.send(lines[:250_000], name="first")
        said = stage.run_to_end(BANK_KAFKA_STATE_DIR=str(disk))
        self.assertRegex(said, r"\.snapshot: cannot write this snapshot: No space left on device; the detector goes on without")
        stage.send(lines[250_000:], name="second")
        self.assertIn("250,000 records, for their history", stage.run_to_end(BANK_KAFKA_STATE_DIR=str(disk)))
        self.told(stage, stage.check(self, lines))

    # ---- the folder

    def test_a_state_folder_that_cannot_be_written_is_told(self):
        stage = self.stage("folder")
        file = stage.folder / "file"
        file.write_text("")
        said = stage.start("--until-end", BANK_KAFKA_STATE_DIR=str(file / "state")).end(code=1, seconds=30)
        self.assertRegex(said, r"^error: .*/file/state/.*: cannot make this folder: Not a directory \(kafka.state_dir names another place\)\n$")

    def small_disk(self, stage, options):
        disk = stage.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", disk], check=False, capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("only root may mount a small disk")
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        return disk

    def test_a_full_disk_under_the_state_folder_is_told(self):
        stage = self.stage("full")
        disk = self.small_disk(stage, "size=4k,nr_inodes=4")
        said = stage.start("--until-end", BANK_KAFKA_STATE_DIR=str(disk)).end(code=1, seconds=30)
        self.assertRegex(said, r"^error: .*: No space left on device \(kafka.state_dir names another place\)\n$")


if __name__ == "__main__":
    unittest.main()

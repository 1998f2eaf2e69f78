"""What the tests of `bank detect --kafka` share: a stage with topics of its own, and the comparison with file mode.

    stage = Stage(broker, folder, "kills", partitions=4)
    stage.send(lines)
    detector = stage.start("--until-end"); detector.end()
    stage.check(lines)

check() is the whole claim of exactly once: what a read_committed consumer sees in the alerts (and processed transactions and dead
letters) is what file mode writes for the same transactions, byte for byte but for when and where it was found, each once, each
account's in order.
"""

import base64
import collections
import contextlib
import json
import os
import pathlib
import re
import signal
import struct
import subprocess
import time

BANK = os.environ["BANK"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
DEFAULT_RULES = ROOT / "config/rules/default.yaml"
# Stand last in an alert, and can't stand within a JSON string, whose quotes are escaped.
FOUND = re.compile(rb', "detected_at": "[^"]*", "source": "[^"]*"')
# A crash is noticed after this long, where nobody says so.
SESSION = ("-X", "session.timeout.ms=3000,heartbeat.interval.ms=300")


def environment(**more):
    return {name: value for name, value in os.environ.items() if not name.startswith("BANK_")} | {"NO_COLOR": "1"} | more


def generate(folder, count, accounts, seed=42, **options):
    """Lines of generated transactions, in the order of their times."""
    path = pathlib.Path(folder) / f"generated-{count}-{accounts}-{seed}.jsonl"
    flags = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    subprocess.run([BANK, "generate", "-q", "--count", str(count), "--accounts", str(accounts), "--seed", str(seed), "--output", path, "--labels", "",
                    "--format", "jsonl", *flags], env=environment(), cwd=folder, check=True, timeout=120)
    return path.read_bytes().splitlines()


def without_found(alert):
    stripped, times = FOUND.subn(b"", alert)
    assert times == 1, alert
    return stripped


def account_of(line):
    return json.loads(line)["account_number"].encode()


class FileMode:
    """What `bank detect --file` gives for the lines."""

    def __init__(self, folder, lines, rules=DEFAULT_RULES, *flags):
        folder = pathlib.Path(folder)
        (folder / "whole.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
        names = {name: folder / f"file-{name}.jsonl" for name in ("output", "processed", "rejected")}
        done = subprocess.run([BANK, "detect", "-q", "--file", folder / "whole.jsonl", "--rules", rules,
                               *(word for name, path in names.items() for word in (f"--{name}", path)), *flags], env=environment(), cwd=folder,
                              capture_output=True, check=False, timeout=300)
        assert done.returncode == 0, done.stderr
        self.alerts = [without_found(line) for line in names["output"].read_bytes().splitlines()]
        self.processed = names["processed"].read_bytes().splitlines()
        self.rejected = [json.loads(line) for line in names["rejected"].read_bytes().splitlines()] if names["rejected"].exists() else []

    def dead_letters(self):
        """(reason, original bytes), sorted."""
        return sorted((each["reason"], base64.b64decode(each["record_base64"]) if "record_base64" in each else each["record"].encode())
                      for each in self.rejected)


def by_account(lines):
    grouped = collections.defaultdict(list)
    for line in lines:
        grouped[account_of(line)].append(line)
    return grouped


class Detector:
    """A running `bank detect --kafka`. Its peak memory is looked at whenever somebody asks for anything."""

    def __init__(self, command, log, extra_environment, cwd):
        self.log = log
        self.peak_kib = 0
        with log.open("wb") as err:
            self.process = subprocess.Popen(command, env=extra_environment, cwd=cwd, stdin=subprocess.DEVNULL, stdout=err, stderr=err)

    def said(self):
        return self.log.read_text(errors="replace")

    def look(self):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    self.peak_kib = max(self.peak_kib, int(line.split()[1]))
        return self.process.poll()

    def running(self):
        return self.look() is None

    def send_signal(self, number):
        self.look()
        if self.process.poll() is None:
            self.process.send_signal(number)

    def kill9(self):
        self.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def end(self, code=0, seconds=120):
        """Waits for it to end by itself, and with that code."""
        deadline = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > deadline:
                self.kill9()
                raise AssertionError(f"the detector still ran after {seconds} s; it said:\n{self.said()}")
            time.sleep(0.02)
        if self.process.returncode != code:
            raise AssertionError(f"exit code {self.process.returncode} and not {code}; it said:\n{self.said()}")
        return self.said()

    def stop(self, code=143, how=signal.SIGTERM, seconds=60):
        self.send_signal(how)
        return self.end(code, seconds)

    def gone(self):
        """Kills it if a test has left it behind."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
        self.process.wait(30)


class Stage:
    """Topics, a group and a state folder of one test."""

    def __init__(self, broker, folder, name, partitions=3, processed=False, rules=DEFAULT_RULES, create=True, **settings):
        self.broker, self.name, self.rules, self.with_processed = broker, name, rules, processed
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(parents=True)
        self.transactions, self.alerts = f"{name}-tx", f"{name}-alerts"
        self.processed, self.dead_letters = f"{name}-processed", f"{name}-tx.dlq"
        self.group = f"{name}-group"
        self.detectors = []
        self.address = broker.address
        self.settings = {"BANK_KAFKA_TRANSACTIONS_TOPIC": self.transactions, "BANK_KAFKA_ALERTS_TOPIC": self.alerts,
                         "BANK_KAFKA_PROCESSED_TOPIC": self.processed, "BANK_KAFKA_STATE_DIR": str(self.folder / "state"),
                         "BANK_KAFKA_WRITE_PROCESSED": "yes" if processed else "no"}
        if create:
            broker.create_topics({self.transactions: partitions, self.alerts: 3, self.processed: 3}, retention_ms=-1,
                                 message_timestamp_after_max_ms=2**63 - 1, **settings)
            broker.create_topics({self.dead_letters: 3}, max_message_bytes=2_097_152)
            wait_for("the broker knows its topics", lambda: self.there(self.dead_letters) and self.there(self.transactions, partitions))

    def there(self, topic, partitions=1):
        """Whether the broker serves it; a topic just made is known a moment later."""
        try:
            return all(end_of(self.broker, topic, partition) >= 0 for partition in range(partitions))
        except AssertionError:
            return False

    def start(self, *flags, rules=None, group=None, address=None, session=SESSION, interval="20ms", **more):
        """A detector; it reads from the beginning where its group has no offset yet."""
        command = [BANK, "detect", "--kafka", "--from-beginning", "--bootstrap-server", address or self.address, "--group", group or self.group,
                   "--rules", rules or self.rules, "--commit-interval", interval, *session, *flags]
        detector = Detector(list(map(str, command)), self.folder / f"detector-{len(self.detectors)}.log", environment(**(self.settings | more)),
                            self.folder)
        self.detectors.append(detector)
        return detector

    def run_to_end(self, *flags, seconds=120, **options):
        return self.start("--until-end", *flags, **options).end(seconds=seconds)

    def clean_up(self):
        for detector in self.detectors:
            detector.gone()

    def peak_mib(self):
        return max((detector.peak_kib for detector in self.detectors), default=0) / 1024

    def sender(self, lines, rate=None, address=None, name="sent"):
        """A `bank replay` that sends the lines, keyed by account: a process. It waits for a broker as long as tools/kafka may take to
        bring one back on a busy machine, which is longer than bank's own two minutes."""
        path = self.folder / f"{name}.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        command = [BANK, "replay", path, "--kafka", "--topic", self.transactions, "--bootstrap-server", address or self.broker.address,
                   "-X", "message.timeout.ms=600000", *(["--rate", str(rate)] if rate else [])]
        with (self.folder / f"{name}.log").open("wb") as err:
            return subprocess.Popen(command, env=environment(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=err, stderr=err)

    def sent(self, process, name="sent", seconds=600):
        code = process.wait(seconds)
        assert code == 0, (code, (self.folder / f"{name}.log").read_text())

    def send(self, lines, name="sent"):
        self.sent(self.sender(lines, name=name), name=name)

    def visible(self, topic):
        return self.broker.read(topic)

    def outputs(self):
        """What a read_committed consumer sees, once no dead detector's transaction holds it back any more."""
        for topic in (self.alerts, self.processed, self.dead_letters):
            wait_for(f"no open transaction in {topic}", lambda: all_decided(self.broker, topic))
        return {topic: self.visible(topic) for topic in (self.alerts, self.processed, self.dead_letters)}

    def check(self, test, lines, rules=None, rejected=True, file=None):
        """Fails where what is visible is not what file mode gives; else how many alerts were compared."""
        file = file or FileMode(self.folder, lines, rules or self.rules)
        found = self.outputs()
        self.check_texts(test, "alerts", file.alerts, [without_found(record.value) for record in found[self.alerts]])
        if self.with_processed:
            self.check_texts(test, "processed transactions", file.processed, [record.value for record in found[self.processed]])
        else:
            test.assertEqual(found[self.processed], [])
        if rejected:
            test.assertEqual(len(found[self.dead_letters]), len(file.rejected))
        for topic in (self.alerts, self.processed):
            places = collections.defaultdict(set)
            for record in found[topic]:
                test.assertEqual(record.key, account_of(record.value))
                places[record.key].add(record.partition)
            test.assertFalse([key for key, partitions in places.items() if len(partitions) > 1], "an account in two partitions")
        return len(file.alerts)

    @staticmethod
    def check_texts(test, what, expected, found):
        wanted, there = collections.Counter(expected), collections.Counter(found)
        lost, more = wanted - there, there - wanted
        if lost or more:
            test.fail(f"{what}: {len(expected)} expected, {len(found)} found, {sum(lost.values())} lost, {sum(more.values())} too many; "
                      f"the first lost: {next(iter(lost), None)}; the first too many: {next(iter(more), None)}")
        if expected != found:
            wanted, there = by_account(expected), by_account(found)
            for account, lines in wanted.items():
                test.assertEqual(there[account], lines, f"{what}: the order of {account}")

    # ---- the group's offsets

    def committed(self, partitions, group=None):
        """(offset, metadata) of the group in each partition; offset -1: none."""
        return committed(self.broker, group or self.group, self.transactions, partitions)

    def ends(self, partitions):
        return [end_of(self.broker, self.transactions, partition) for partition in range(partitions)]


def _text(value):
    return struct.pack(">h", len(value.encode())) + value.encode()


def committed(broker, group, topic, partitions):
    body = _text(group) + struct.pack(">i", 1) + _text(topic) + struct.pack(f">i{partitions}i", partitions, *range(partitions))
    broker.request(10, 0, _text(group))  # FindCoordinator, which makes the topic of the offsets where it is not there yet
    deadline = time.monotonic() + 30
    while len(answer := broker.request(9, 5, body)) == 10:  # OffsetFetch; so short, it is an error alone: not loaded yet
        assert time.monotonic() < deadline, f"error {struct.unpack_from('>h', answer, 8)[0]} of Kafka's protocol"
        time.sleep(0.05)
    at = 4 + 4 + 2 + len(topic.encode()) + 4
    found = {}
    for _ in range(partitions):
        partition, offset, _, size = struct.unpack_from(">iqih", answer, at)
        at += 4 + 8 + 4 + 2
        found[partition] = (offset, answer[at:at + max(size, 0)].decode())
        at += max(size, 0) + 2
    return [found[partition] for partition in range(partitions)]


def commit(broker, group, topic, partition, offset, metadata=""):
    """As a tool that is no member of the group does it."""
    body = (_text(group) + struct.pack(">i", -1) + _text("") + struct.pack(">qi", -1, 1) + _text(topic) + struct.pack(">iiq", 1, partition, offset) +
            _text(metadata))
    code = struct.unpack_from(">h", broker.request(8, 2, body), 4 + 2 + len(topic.encode()) + 4 + 4)[0]  # OffsetCommit
    assert code == 0, f"error {code} of Kafka's protocol"


def all_decided(broker, topic):
    """Whether no transaction is open: a commit is acknowledged a moment before read_committed consumers see what it holds."""
    partition = 0
    try:
        while True:
            if end_of(broker, topic, partition) != end_of(broker, topic, partition, isolation=1):
                return False
            partition += 1
    except AssertionError:  # there are no more
        return True


def end_of(broker, topic, partition, time_of=-1, isolation=0):
    """One past the last record there is (with isolation=1, that read_committed may see); with time_of=-2, the first there is."""
    body = struct.pack(">ibi", -1, isolation, 1) + _text(topic) + struct.pack(">iiq", 1, partition, time_of)
    code, _, offset = struct.unpack_from(">hqq", broker.request(2, 2, body), 4 + 4 + 2 + len(topic.encode()) + 4 + 4)  # ListOffsets
    assert code == 0, f"error {code} of Kafka's protocol"
    return offset


def delete_records(broker, topic, partition, before):
    body = struct.pack(">i", 1) + _text(topic) + struct.pack(">iiqi", 1, partition, before, 30_000)
    answer = broker.request(21, 0, body)  # DeleteRecords
    code = struct.unpack_from(">h", answer, 4 + 4 + 2 + len(topic.encode()) + 4 + 4 + 8)[0]
    assert code == 0, f"error {code} of Kafka's protocol"


def delete_topic(broker, topic):
    answer = broker.request(20, 1, struct.pack(">i", 1) + _text(topic) + struct.pack(">i", 30_000))  # DeleteTopics
    code = struct.unpack_from(">h", answer, 4 + 4 + 2 + len(topic.encode()))[0]
    assert code == 0, f"error {code} of Kafka's protocol"


Letter = collections.namedtuple("Letter", "partition offset reason message topic from_partition from_offset key value")


def read_letters(broker, topic):
    """The dead letters in the topic, partition by partition in order of offset."""
    out = broker.kcat("-C", "-q", "-e", "-t", topic, "-o", "beginning", "-X", "isolation.level=read_committed", "-f",
                      "%p %o %K %S\n%h\n%k%s").stdout
    letters, at = [], 0
    while at < len(out):
        numbers, headers = out[at:at + 4096].split(b"\n", 2)[:2]
        partition, offset, key_size, size = map(int, numbers.split())
        key_at = at + len(numbers) + len(headers) + 2
        at = key_at + max(key_size, 0) + max(size, 0)
        header = dict(pair.split("=", 1) for pair in headers.decode().split(","))
        assert list(header) == [f"__streams.errors.{name}" for name in ("exception", "message", "topic", "partition", "offset")], header
        reason, message, from_topic, from_partition, from_offset = header.values()
        letters.append(Letter(partition, offset, reason, message, from_topic, int(from_partition), int(from_offset),
                              None if key_size < 0 else out[key_at:key_at + key_size], None if size < 0 else out[at - size:at]))
    return sorted(letters, key=lambda letter: letter[:2])


def wait_for(what, check, seconds=60):
    """What check() gives, once it is true."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)

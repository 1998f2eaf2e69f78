"""A Kafka broker of a test's own, by tools/kafka: in a folder and on a port that are free.

    with Broker(folder) as broker:
        broker.create_topics({"banking-transactions": 3})
        subprocess.run([BANK, "detect", "--kafka", "--bootstrap-server", broker.address, …])
        broker.kill9(); broker.start()
        alerts = broker.read("fraud-alerts")

The data survives stop(), kill9() and start(); leaving the block kills the broker and leaves the folder. What goes wrong is an
exception that says what the tool said.
"""

import collections
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import time

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/kafka"

Record = collections.namedtuple("Record", "partition offset timestamp key value")  # key and value: bytes or None; timestamp: ms


def free_ports(count):
    """Ports that nobody listens on now, and that no client is given as its own: those begin at 32768. A broker's port must not go to
    one of its clients while it is down."""
    ports = []
    while len(ports) < count:
        port = random.randrange(15000, 32000)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def bank_environment(**variables):
    """This one, with no setting of bank's but those of `variables`."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BANK_")} | {"NO_COLOR": "1"} | variables


def run_bank(*arguments, cwd=None, timeout=120, **variables):
    """The program that BANK names; what it came to, as texts."""
    return subprocess.run([os.environ["BANK"], *map(str, arguments)], cwd=cwd, env=bank_environment(**variables), capture_output=True, text=True,
                          timeout=timeout, check=False)


def _text(value):
    return struct.pack(">h", -1) if value is None else struct.pack(">h", len(value.encode())) + value.encode()


def _crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def _varint(number):
    number = (number << 1) ^ (number >> 63)  # zigzag
    out = b""
    while number > 127:
        out, number = out + bytes([number & 127 | 128]), number >> 7
    return out + bytes([number])


def _counted(data):
    return _varint(-1) if data is None else _varint(len(data)) + data


def _batch(records):
    """A record batch of Kafka's (version 2), uncompressed, of (timestamp, key, value) triples."""
    first, body = records[0][0], b""
    for index, (timestamp, key, value) in enumerate(records):
        record = b"\0" + _varint(timestamp - first) + _varint(index) + _counted(key) + _counted(value) + _varint(0)
        body += _varint(len(record)) + record
    checked = struct.pack(">hiqqqhii", 0, len(records) - 1, first, max(record[0] for record in records), -1, -1, -1, len(records)) + body
    tail = struct.pack(">ibI", -1, 2, _crc32c(checked)) + checked
    return struct.pack(">qi", 0, len(tail)) + tail


class Broker:
    def __init__(self, folder, port=None, heap="512m", properties=None, environment=None):
        """`properties`: broker settings, on top of tools/kafka.d/server.properties. `environment`: more variables for tools/kafka."""
        self.folder = pathlib.Path(folder)
        ports = free_ports(2)
        self.port = port or ports[0]
        self.environment = {**os.environ, "BROKER_DIR": str(self.folder), "BROKER_PORT": str(self.port),
                            "BROKER_CONTROLLER_PORT": str(ports[1]), "BROKER_HEAP": heap, **(environment or {})}
        if properties:
            self.folder.mkdir(parents=True, exist_ok=True)
            more = self.folder / "more.properties"
            more.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
            self.environment["BROKER_PROPERTIES"] = str(more)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        return int((self.folder / "broker.pid").read_text().split()[0])

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill9()

    def run(self, *arguments, check=True):
        """One command of tools/kafka."""
        done = subprocess.run([TOOL, *arguments], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
                              check=False)
        if check and done.returncode != 0:
            raise RuntimeError(f"tools/kafka {' '.join(arguments)}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def start(self):
        """Returns when it serves. It has no topics of its own making: see create_topics()."""
        self.run("up", "--no-topics")

    def stop(self):
        self.run("down")

    def kill9(self):
        self.run("kill")

    def restart(self, kill=False):
        self.run("kill" if kill else "down")
        self.start()

    def pause(self):
        """SIGSTOP: it holds its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    def wait_ready(self, seconds=60):
        """Until it answers requests again (start() has waited already)."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.request(18, 0, b"")  # ApiVersions
                return
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def request(self, api, version, body):
        """One request of Kafka's protocol (a version without tagged fields), and what came back behind the correlation id."""
        with self.connect() as connection:
            message = struct.pack(">hhi", api, version, 1) + _text("test") + body
            connection.sendall(struct.pack(">i", len(message)) + message)
            stream = connection.makefile("rb")
            head = stream.read(4)
            if len(head) < 4:
                raise ConnectionError("the broker closed the connection")
            return stream.read(struct.unpack(">i", head)[0])[4:]

    def create_topics(self, topics, **settings):
        """`topics`: name → partitions. `settings`: of all of them, `_` for `.`: retention_ms=1000."""
        configs = struct.pack(">i", len(settings)) + b"".join(_text(name.replace("_", ".")) + _text(str(value)) for name, value in settings.items())
        each = b"".join(_text(name) + struct.pack(">ihi", partitions, 1, 0) + configs for name, partitions in topics.items())
        answer = self.request(19, 2, struct.pack(">i", len(topics)) + each + struct.pack(">i?", 30_000, False))  # CreateTopics
        at = 8  # behind the throttle time and the count
        for _ in topics:
            length = struct.unpack_from(">h", answer, at)[0]
            name, at = answer[at + 2:at + 2 + length].decode(), at + 2 + length
            code, size = struct.unpack_from(">hh", answer, at)
            text, at = answer[at + 4:at + 4 + max(size, 0)].decode(), at + 4 + max(size, 0)
            if code != 0:
                raise RuntimeError(f"cannot create the topic {name}: {text or code}")

    def tool(self, name, *arguments, **options):
        """One of Kafka's own tools, as a finished process: tool("consumer-groups", "--list"). It takes a second or two."""
        return subprocess.run([TOOL, "tool", name, "--bootstrap-server", self.address, *arguments], env=self.environment, capture_output=True,
                              text=True, timeout=120, check=True, **options)

    def kcat(self, *arguments, **options):
        """kcat on this broker, as a finished process with bytes; installed by `tools/setup kafka`."""
        options = {"timeout": 120, "check": True, "stdin": subprocess.DEVNULL} | options
        if "input" in options:
            del options["stdin"]
        return subprocess.run(["kcat", "-b", self.address, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def produce(self, topic, records, *arguments):
        """`records`: (key, value) pairs of str, without tabs or line ends."""
        lines = "".join(f"{key}\t{value}\n" for key, value in records)
        self.kcat("-P", "-t", topic, "-K", "\t", *arguments, input=lines.encode())

    def produce_at(self, topic, partition, records):
        """`records`: (timestamp in ms, key, value) triples, of bytes or None. kcat can't choose a record's time; this can."""
        batch = _batch(records)
        body = _text(None) + struct.pack(">hii", -1, 30_000, 1) + _text(topic) + struct.pack(">iii", 1, partition, len(batch)) + batch
        answer = self.request(0, 3, body)  # Produce
        code = struct.unpack_from(">h", answer, 4 + 2 + len(topic.encode()) + 4 + 4)[0]
        if code != 0:
            raise RuntimeError(f"cannot produce to {topic}: error {code} of Kafka's protocol")

    def read(self, topic, isolation="read_committed"):
        """Everything in the topic, partition by partition in order of offset."""
        out = self.kcat("-C", "-q", "-e", "-t", topic, "-o", "beginning", "-X", f"isolation.level={isolation}", "-f",
                        "%p %o %T %K %S\n%k%s").stdout
        records, at = [], 0
        while at < len(out):
            end = out.index(b"\n", at)
            partition, offset, timestamp, key_size, size = map(int, out[at:end].split())
            key_at, at = end + 1, end + 1 + max(key_size, 0) + max(size, 0)
            key = None if key_size < 0 else out[key_at:key_at + key_size]
            value = None if size < 0 else out[at - size:at]
            records.append(Record(partition, offset, timestamp, key, value))
        return sorted(records, key=lambda record: (record.partition, record.offset))

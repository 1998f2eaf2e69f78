"""What the runs share: the tools built, a broker of their own, topics filled, programs measured, alerts read."""

import collections
import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "tests/system"))
from kafka_broker import Broker  # noqa: E402

RUN_SECONDS = 1800  # that no run may take
# The heap is there from the beginning, in large pages, so that no pause of the broker's waits for the kernel.
BROKER_JVM_ARGS = "-XX:+AlwaysPreTouch -XX:+UseTransparentHugePages"
SEED_RULES = ("HIGH_AMOUNT", "VELOCITY")
# Flink's own start script opens these packages of Java's to its serializers.
FLINK_OPENS = [f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in ("java.lang", "java.util", "java.time", "java.util.concurrent")]

Run = collections.namedtuple("Run", "wall_s cpu_s broker_cpu_s rss_mib ended stdout")


def say(text):
    print(text, file=sys.stderr, flush=True)


def run_quietly(command, **options):
    """A step of the preparation: its output is shown only if it fails."""
    done = subprocess.run(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stdout}")


def newer(target, sources):
    return target.exists() and all(target.stat().st_mtime >= source.stat().st_mtime for source in sources)


def compile_program(program, source, libraries):
    if not newer(program, [source]):
        say(f"Compiling {program.name}…")
        run_quietly(["g++", "-std=c++20", "-O2", source, "-o", program, "-lrdkafka", "-pthread", *libraries])


def install_python(venv, requirements):
    """A Python environment with the packages that a file of requirements names, and no others."""
    wanted, done = requirements.read_text(), venv / "requirements.txt"
    if done.exists() and done.read_text() == wanted:
        return
    say(f"Installing the Python peers' packages into {venv}…")
    run_quietly([sys.executable, "-m", "venv", venv])
    run_quietly([venv / "bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "-r", requirements])
    done.write_text(wanted)


class Tools:
    """The peers, as they are after build()."""

    def __init__(self, folder):
        self.folder = folder
        self.python = folder / "venv/bin/python"
        self.raw, self.raw_glibc, self.probe = folder / "raw_consumer", folder / "raw_consumer_glibc", folder / "latency_probe"

    def build(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        for program, libraries in ((self.raw, ["-ljemalloc"]), (self.raw_glibc, []), (self.probe, ["-ljemalloc"])):
            compile_program(program, HERE / f"{program.name.removesuffix('_glibc')}.cpp", libraries)
        self.build_java()
        install_python(self.folder / "venv", HERE / "python/requirements.txt")

    def build_java(self):
        out, stamp = self.folder / "java", self.folder / "java/built"
        if newer(stamp, [path for path in (HERE / "java").rglob("*") if path.is_file()]):
            return
        say("Building the Java peers, their libraries by Maven…")
        shutil.rmtree(out, ignore_errors=True)
        run_quietly(["mvn", "-B", "-q", "-ntp", "-f", HERE / "java/pom.xml", f"-Dout={out}", "package", "dependency:copy-dependencies",
                     "-DincludeScope=runtime"])
        stamp.touch()

    def java(self, module, main, *options):
        out = self.folder / "java" / module
        return ["java", "-Xmx1g", *options, "-cp", f"{out}/{module}-1.jar:{out}/dependency/*", main]


class Stage:
    """A broker with topics. What it leaves in its folder is removed at its end."""

    def __init__(self, folder, bank, accounts, partitions):
        self.folder, self.bank, self.accounts, self.partitions = folder, bank, accounts, partitions
        self.broker = None
        self.truths = {}  # topic → alert ids of the seed rules

    def __enter__(self):
        scratch = self.folder / "broker"
        self.broker = Broker(scratch, heap="1g", environment={"BANK": str(self.bank), "BROKER_JVM_ARGS": BROKER_JVM_ARGS})
        if scratch.exists():
            self.broker.run("kill", check=False)  # of a run that was cut off
            shutil.rmtree(scratch)
        shutil.rmtree(self.folder / "states", ignore_errors=True)
        say("Starting a broker…")
        self.broker.start()
        return self

    def __exit__(self, *_):
        self.broker.kill9()
        shutil.rmtree(self.folder / "broker", ignore_errors=True)
        shutil.rmtree(self.folder / "states", ignore_errors=True)

    def create_topics(self, *names, **settings):
        """Without an end to their retention, if `settings` doesn't say otherwise: their records bear the times of their events."""
        self.broker.create_topics({name: self.partitions for name in names}, **{"retention_ms": -1, **settings})
        ends = [argument for name in names for partition in range(self.partitions) for argument in ("-t", f"{name}:{partition}:-1")]
        deadline = time.monotonic() + 30
        while self.broker.kcat("-Q", *ends, check=False).returncode != 0:  # the partitions have no leader in their first moments
            if time.monotonic() > deadline:
                raise SystemExit(f"{', '.join(names)}: created, but the broker does not serve them")
            time.sleep(0.1)

    def generated(self, count):
        return ["generate", "--quiet", "--count", count, "--accounts", self.accounts, "--seed", 1, "--labels", ""]

    def truth(self, file):
        """The ids of the alerts that file mode finds in a file by the seed rules."""
        alerts = file.with_suffix(".alerts")
        run_quietly([self.bank, "detect", "--quiet", "--file", file, "--rules", ROOT / "config/rules/seed.yaml", "--output", alerts,
                     "--rejected", ""])
        with open(alerts, encoding="utf-8") as lines:
            ids = {json.loads(line)["alert_id"] for line in lines}
        alerts.unlink()
        return ids

    def file_of(self, name):
        """The file of that name; of a topic: its transactions, if fill() was to keep them."""
        return self.folder / "states" / f"{name}.jsonl"

    def fill(self, topic, count, keep_file=False):
        """Sends `count` transactions, and learns from file mode which alerts they give."""
        say(f"Filling {topic}…")
        self.create_topics(topic)
        sent = self.measure([self.bank, *self.generated(count), "--kafka", "--bootstrap-server", self.broker.address, "--topic", topic])
        say(f"  {sent.wall_s:.2f} s, {count / sent.wall_s / 1e6:.2f} million/s")
        file = self.file_of(topic)
        file.parent.mkdir(exist_ok=True)
        run_quietly([self.bank, *self.generated(count), "--output", file])
        self.truths[topic] = self.truth(file)
        if not keep_file:
            file.unlink()

    def bank_environment(self, topic, alerts, name, processed="processed-transactions"):
        state = self.folder / "states" / name
        return {"BANK_KAFKA_TRANSACTIONS_TOPIC": topic, "BANK_KAFKA_ALERTS_TOPIC": alerts, "BANK_KAFKA_PROCESSED_TOPIC": processed,
                "BANK_KAFKA_DEAD_LETTER_TOPIC": f"{alerts}.dlq", "BANK_KAFKA_STATE_DIR": str(state), "BANK_KAFKA_GROUP": name}

    def bank_command(self, rules, interval_ms=100, *more):
        return [self.bank, "detect", "--kafka", "--bootstrap-server", self.broker.address, "--from-beginning", "--rules",
                ROOT / f"config/rules/{rules}.yaml", "--commit-interval", f"{interval_ms}ms", *more]

    def broker_cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.broker.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def measure(self, command, environment=None):
        """Runs a command and waits for it. /usr/bin/time starts it, since a process counts the memory of the one that started it to
        its own peak, and this Python is larger than some that are measured."""
        with tempfile.NamedTemporaryFile("r", encoding="utf-8") as figures:
            broker_before, start = self.broker_cpu_s(), time.monotonic()
            process = subprocess.Popen(["/usr/bin/time", "-q", "-f", "%U %S %M", "-o", figures.name, *map(str, command)],
                                       env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
            try:
                stdout, stderr = process.communicate(timeout=RUN_SECONDS)
            except BaseException as error:  # Ctrl-C too: in a session of its own, it hears of it only here
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if isinstance(error, subprocess.TimeoutExpired):
                    raise SystemExit(f"{' '.join(map(str, command))}: not done after {RUN_SECONDS} s") from error
                raise
            wall, ended = time.monotonic() - start, datetime.datetime.now(datetime.timezone.utc)
            if process.returncode != 0:
                raise SystemExit(f"{' '.join(map(str, command))}: exit code {process.returncode}\n{stdout}{stderr}")
            user, system, rss_kib = figures.read().split()
        return Run(wall, float(user) + float(system), self.broker_cpu_s() - broker_before, int(rss_kib) / 1024, ended, stdout)

    def alerts_in(self, name):
        """The alerts that file mode has written to file_of(name)."""
        with open(self.file_of(name), encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    def alerts(self, topic):
        """What a read_committed consumer finds in an alerts topic."""
        return [json.loads(record.value) for record in self.broker.read(topic)]


def check_alerts(name, alerts, truth, rules=SEED_RULES):
    """Stops unless the alerts of these rules are those of the truth, each once. `alerts`: what a program called `name` has written;
    `truth`: ids, of the seed rules."""
    ids = [alert["alert_id"] for alert in alerts if alert["alert_type"] in rules]
    found, expected = set(ids), {each for each in truth if each.rpartition(":")[2] in rules}
    if len(ids) != len(found):
        raise SystemExit(f"{name}: {len(ids) - len(found)} alerts are there twice")
    if found != expected:
        raise SystemExit(f"{name} differs in {len(found ^ expected)} alerts of the {len(expected)} that file mode finds, such as "
                         f"{min(found ^ expected)}")

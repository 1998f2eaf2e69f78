"""What the tests of Spark mode share: the job (spark/, by tools/spark), with settings of its own, and what it tells.

    job = Job(folder, "golden", stream(broker, "tx", …), rules)
    job.start(); job.end()              # by itself: trigger available-now
    job.events("batch")
"""

import json
import os
import pathlib
import subprocess
import threading
import time

from kafka_broker import free_ports
from kafka_detection import DEFAULT_RULES, ROOT, wait_for

TOOL = ROOT / "tools/spark"
LOCAL = "local[2]"
SECONDS = 900  # enough for a machine with much else to do


def stream(address, topic, alerts, processed="", dead_letters="", **settings):
    """The settings of a stream; more of them win."""
    return {"bootstrap_servers": address, "topic": topic, "alerts_topic": alerts, "processed_topic": processed,
            "dead_letter_topic": dead_letters or f"{topic}.dlq", "trigger": "available-now"} | settings


class Job:
    """A run of the job in a folder of its own; its settings' checkpoint is there unless they say otherwise."""

    def __init__(self, folder, name, rules=DEFAULT_RULES, master=LOCAL, engine=None, spark=None, **modes):
        """`modes`: stream={…} or batch={…}."""
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir(parents=True, exist_ok=True)
        mode = next(iter(modes))
        if mode == "stream":
            modes["stream"] = {"checkpoint": str(self.folder / "checkpoint")} | modes["stream"]
        self.settings = {"mode": mode, "rules": str(rules), "master": master, "engine": engine or {},
                         "spark": {"spark.ui.enabled": "false", "spark.local.dir": str(self.folder / "local")} | (spark or {})} | modes
        self.more = []  # settings that are run after these, by the same process
        self.log = self.folder / "spark.log"
        self.told = []
        self.process = None

    def start(self, memory="700m", **environment):
        configs = []
        for number, settings in enumerate([self.settings, *self.more]):
            configs.append(self.folder / f"config-{number}.json")
            configs[-1].write_text(json.dumps(settings))
        self.told = []
        with (self.folder / "stderr").open("wb") as err:
            self.process = subprocess.Popen([TOOL, "run", *configs], cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, text=True,
                                            env={**os.environ, "SPARK_LOG": str(self.log), "DRIVER_MEMORY": memory, **environment})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        return self

    def read(self):
        with self.process.stdout as lines:
            for line in lines:
                self.told.append(json.loads(line))

    def events(self, name):
        return [event for event in list(self.told) if event["event"] == name]

    def running(self):
        return self.process.poll() is None

    def wait_for(self, name, count=1, seconds=SECONDS):
        """Until so many events of that name have come; the last of them."""
        wait_for(f"{count} × {name}", lambda: len(self.events(name)) >= count or not self.running(), seconds)
        found = self.events(name)
        assert len(found) >= count, self.last_words()
        return found[-1]

    def end(self, code=0, seconds=SECONDS):
        """Waits for it to end by itself, and with that code; what it ended with."""
        deadline = time.monotonic() + seconds
        while self.running():
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the job still ran after {seconds} s; {self.last_words()}")
            time.sleep(0.02)
        self.reader.join(10)
        self.process.stdin.close()
        assert self.process.returncode == code, f"exit code {self.process.returncode} and not {code}; {self.last_words()}"
        return self.events("failed" if code else "ended")[-1]

    def run(self, code=0, seconds=SECONDS, **environment):
        return self.start(**environment).end(code, seconds)

    def stop(self, seconds=SECONDS):
        if self.running():
            self.process.stdin.write("stop\n")
            self.process.stdin.flush()
        return self.end(seconds=seconds)

    def kill(self):
        if self.process and self.running():
            self.process.kill()
            self.process.wait(30)
            self.reader.join(10)
            self.process.stdin.close()

    def last_words(self):
        said = (self.folder / "stderr").read_text(errors="replace")
        return f"it told {self.told[-3:]} and said\n{said[-4000:]}"


def to_parquet(folder, lines, output):
    """Writes JSON lines as Parquet, one file in the folder `output`, by the program that the job's unit tests have for it."""
    command = subprocess.run([TOOL, "command", "none"], capture_output=True, text=True, check=True).stdout.splitlines()
    jars = command.index("-cp") + 1
    done = subprocess.run([*command[:jars], f"{ROOT / 'build/spark/target/test-classes'}:{command[jars]}", "bank.spark.ToParquet", lines, output], cwd=folder,
                          env={**os.environ, "SPARK_LOCAL_IP": "127.0.0.1"}, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stderr[-4000:]


class Cluster:
    """A Spark cluster of a test's own, by tools/spark: in a folder and on ports that are free."""

    def __init__(self, folder, workers=2, memory="1g"):
        self.folder = pathlib.Path(folder)
        self.port, self.page = free_ports(2)  # the workers' pages have the ports behind
        self.environment = {**os.environ, "CLUSTER_DIR": str(self.folder), "CLUSTER_PORT": str(self.port), "CLUSTER_UI_PORT": str(self.page),
                            "CLUSTER_WORKERS": str(workers), "CLUSTER_MEMORY": memory}

    @property
    def url(self):
        return f"spark://127.0.0.1:{self.port}"

    def tool(self, *arguments, check=True):
        done = subprocess.run([TOOL, *arguments], env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=180, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def __enter__(self):
        self.tool("up")
        return self

    def __exit__(self, *_):
        self.tool("kill", check=False)

    def executors(self, worker="worker-*"):
        """The pids of the executors of these workers, which are their children."""
        workers = {int(path.read_text().split()[0]) for path in self.folder.glob(f"{worker}.pid")}
        found = []
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) in workers and fields[0] not in "ZX":
                found.append(int(stat.parent.name))
        return found

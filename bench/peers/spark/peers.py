"""The programs that are compared: bank's job for Spark, and what a user would write for Spark instead. All run on the Spark that
tools/spark has fetched, in one JVM with the same options, with two cores and the same settings. Bank's streams alone have
spark/stream.options besides, with which the others are slower."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
KAFKA = ROOT / "bench/peers/kafka"
sys.path.insert(0, str(KAFKA))
from stage import compile_program, install_python, newer, run_quietly, say  # noqa: E402

TOOL = ROOT / "tools/spark"
MASTER = "local[2]"
SHUFFLE_PARTITIONS = 4  # as many as bank's job has shards, by itself, on two cores
STATE = "spark.sql.streaming.stateStore."
# What bank's job sets by itself, for the others.
CONF = {
    "spark.master": MASTER,
    "spark.sql.shuffle.partitions": SHUFFLE_PARTITIONS,
    f"{STATE}providerClass": "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
    f"{STATE}rocksdb.changelogCheckpointing.enabled": "true",
    f"{STATE}rocksdb.trackTotalNumberOfRows": "false",
    f"{STATE}rocksdb.boundedMemoryUsage": "true",
    f"{STATE}rocksdb.maxMemoryUsageMB": "256",
    "spark.sql.streaming.minBatchesToRetain": "10",
    "spark.sql.streaming.noDataMicroBatches.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.showConsoleProgress": "false",
}


class Tools:
    """The peers, as they are after build(). Bank's job is built by `make spark`."""

    def __init__(self, folder, memory, jvm_options=""):
        self.folder, self.memory, self.jvm_options = folder, memory, jvm_options
        self.jar, self.python, self.probe = folder / "java/spark-peers.jar", folder / "venv/bin/python", folder / "latency_probe"

    def build(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        compile_program(self.probe, KAFKA / "latency_probe.cpp", ["-ljemalloc"])
        if not newer(self.jar, [path for path in (HERE / "java").rglob("*") if path.is_file()]):
            say("Building the Java peers…")
            shutil.rmtree(self.jar.parent, ignore_errors=True)
            run_quietly(["mvn", "-B", "-q", "-ntp", "-f", HERE / "java/pom.xml", f"-Dout={self.jar.parent}", "package"])
        install_python(self.folder / "venv", HERE / "python/requirements.txt")
        for jars in (self.folder / "venv").glob("lib/python*/site-packages/pyspark/jars"):
            shutil.rmtree(jars)  # 400 MB of a Spark that is not used: there is the one that tools/spark has fetched

    def ours(self, scratch, config):
        """(command, environment) of bank's job with these settings, once for each of them."""
        files = []
        for number, each in enumerate(config if isinstance(config, list) else [config]):
            files.append(scratch / f"config-{number}.json")
            files[-1].write_text(json.dumps(each))
        return self.spark(scratch, files)

    def java(self, scratch, main, *arguments):
        command, environment = self.spark(scratch, ["unused"])
        return [*self.head(command, scratch), "--class", main, self.jar, *arguments], environment

    def pyspark(self, scratch, script, *arguments):
        command, environment = self.spark(scratch, ["unused"])
        head = [*self.head(command, scratch), "--conf", f"spark.pyspark.python={self.python}"]
        more = {"PYTHONPATH": str(KAFKA / "python"), "PYTHONDONTWRITEBYTECODE": "1"}
        return [*head, HERE / "python" / script, *arguments], {**environment, **more}

    def spark(self, scratch, files):
        environment = {"SPARK_LOG": str(scratch / "spark.log"), "DRIVER_MEMORY": self.memory, "SPARK_JVM_ARGS": self.jvm_options}
        without_own = {name: value for name, value in os.environ.items() if name != "SPARK_HOME"}
        done = subprocess.run([TOOL, "command", *files], env={**without_own, **environment}, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit("tools/spark can't run the job; make spark builds it")
        command = done.stdout.splitlines()
        home = pathlib.Path(command[command.index("-cp") + 1]).parent.parent
        return command, {"SPARK_HOME": str(home)}

    @staticmethod
    def head(command, scratch):
        """The beginning of bank's own command, up to its class: the JVM, its options, spark-submit."""
        settings = {**CONF, "spark.local.dir": scratch / "local"}
        return [*command[:command.index("--class")], *(word for name, value in settings.items() for word in ("--conf", f"{name}={value}"))]


def our_config(scratch, rules, **modes):
    """The settings of a run of bank's job, as `bank spark` would write them. `modes`: stream={…} or batch={…}."""
    return {"mode": next(iter(modes)), "rules": str(ROOT / f"config/rules/{rules}.yaml"), "master": MASTER,
            "spark": {"spark.local.dir": str(scratch / "local")}, **modes}


def our_stream(scratch, rules, stage, topic, alerts, **more):
    settings = {"bootstrap_servers": stage.broker.address, "topic": topic, "alerts_topic": alerts, "dead_letter_topic": f"{alerts}.dlq",
                "checkpoint": str(scratch / "checkpoint"), "trigger": "available-now", **more}
    return our_config(scratch, rules, stream=settings)

"""`bank spark` and `bank run --mode spark` as a person uses them: what is on the screen, in the files and in the topics."""

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
from kafka_detection import BANK, ROOT, FileMode, environment, generate, wait_for, without_found
from spark_job import TOOL, Cluster

JOB = os.environ.get("SPARK_JOB", str(ROOT / "build/spark/dist"))
LOCAL = ("--master", "local[2]", "--driver-memory", "700m", "--conf", "spark.ui.enabled=false", "--shards", "4")


def setUpModule():
    global folder, broker
    folder = tempfile.TemporaryDirectory()
    broker = Broker(pathlib.Path(folder.name) / "broker")
    broker.start()
    bank("topics", "create", "--bootstrap-server", broker.address)


def tearDownModule():
    broker.kill9()
    folder.cleanup()


def command(*arguments, data="data"):
    return [BANK, *map(str, arguments), "--data-dir", str(pathlib.Path(folder.name) / data)]


def bank(*arguments, data="data", code=0, **more):
    done = subprocess.run(command(*arguments, data=data), cwd=ROOT, env=environment(BANK_SPARK_JOB_DIR=JOB, **more), capture_output=True, text=True,
                          timeout=240, check=False)
    assert done.returncode == code, f"bank {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def kafka(*arguments):
    return (*arguments, "--bootstrap-server", broker.address)


class WrongUse(unittest.TestCase):
    """Told at once, before a JVM has started."""

    def test_what_does_not_go_together_is_told(self):
        rules = pathlib.Path(folder.name) / "typo.yaml"
        rules.write_text("version: 1\nrules:\n  - id: A\n    severity: HIGH\n    score: 10\n    when: cuont(5m) >= 3\n    reason: r\n")
        for arguments, text in (
                ((), "--stream"),
                (("--stream", "--batch"), "--stream"),
                (("--stream",), "--console, --kafka, or both"),
                (("--batch", "--console", "x.json"), "--console is for --stream"),
                (("--batch", "--max", "3"), "--max is for --stream"),
                (("--stream", "--console", "x.json"), "bank replay"),
                (("--stream", "--console", "--trigger", "soon"), "'soon' will not do"),
                (("--stream", "--console", "--conf", "ui.port=1"), "begin with spark."),
                (("--stream", "--console", "--conf", "spark.executor.memory=2g"), "--executor-memory"),
                (("--stream", "--console", "--rules", rules), "typo.yaml:6:11"),
                (("--stream", "--console", "-X", "sasl.username=x"), "belong together")):
            with self.subTest(arguments=arguments):
                self.assertIn(text, bank("spark", *arguments, code=2).stderr)

    def test_says_how_to_get_the_job(self):
        done = subprocess.run(command("spark", "--batch"), cwd=ROOT, env=environment(BANK_SPARK_JOB_DIR="/nowhere"), capture_output=True, text=True,
                              timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("make spark", done.stderr)


class Start(unittest.TestCase):
    def test_an_old_java_is_told_of(self):
        jdk = pathlib.Path(folder.name) / "jdk-11"
        (jdk / "bin").mkdir(parents=True)
        (jdk / "release").write_text('IMPLEMENTOR="x"\nJAVA_VERSION="11.0.2"\n')
        (jdk / "bin/java").write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
        (jdk / "bin/java").chmod(0o755)
        done = bank("spark", "--stream", "--console", *LOCAL, code=2, JAVA_HOME=str(jdk))
        self.assertIn(f"{jdk}/bin/java is Java 11; Spark needs 17 or newer. Set JAVA_HOME to one", done.stderr)
        done = subprocess.run([TOOL, "command", "x.json"], env=environment(JAVA_HOME=str(jdk), SPARK_HOME=""), capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"{jdk}/bin/java is Java 11; 17 or newer is needed. Set JAVA_HOME to one", done.stderr)

    def test_executors_are_started_as_the_driver_is(self):
        with Cluster(pathlib.Path(folder.name) / "cluster", workers=1) as cluster:
            log = pathlib.Path(folder.name) / "executors.log"
            with log.open("w") as err:
                process = subprocess.Popen(command("spark", "--stream", "--console", *kafka(), "--master", cluster.url, "--driver-memory", "700m", "--executor-memory", "600m",
                                                   data="executors"), cwd=ROOT, env=environment(BANK_SPARK_JOB_DIR=JOB), stdout=subprocess.DEVNULL, stderr=err)
            self.addCleanup(process.kill)

            def executor(file):
                found = [pathlib.Path(f"/proc/{pid}/{file}").read_text(errors="replace") for pid in cluster.executors()]
                return found[0] if found else ""

            wait_for("an executor with the driver's collector", lambda: "-XX:+UseParallelGC" in executor("cmdline") or process.poll() is not None, 90)
            wait_for("its classes out of the archive", lambda: os.path.realpath(f"{JOB}/classes.jsa") in executor("maps") or process.poll() is not None, 30)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(60), 130, log.read_text())

    def test_sparks_classes_come_out_of_the_archive(self):
        log = pathlib.Path(folder.name) / "classes.log"
        jars = pathlib.Path(JOB) / "home/jars/*"
        # -Xshare:on: fail if the archive that these options name does not fit this Java and these files.
        done = subprocess.run(["java", f"@{JOB}/jvm.options", "-Xshare:on", f"-Xlog:class+load:file={log}", "-cp", jars, "org.apache.spark.deploy.SparkSubmit", "--version"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(log.read_text(), r"org\.apache\.spark\.deploy\.SparkSubmit source: shared objects file")


class Batch(unittest.TestCase):
    def test_files_come_to_what_detect_and_analyze_write(self):
        bank("generate", "--quiet", "--count", 5000, "--accounts", 200, data="batch")
        done = bank("spark", "--batch", *LOCAL, data="batch")
        data = pathlib.Path(folder.name) / "batch"
        lines = (data / "sample_transactions.json").read_bytes().splitlines()
        expected = FileMode(data, lines)
        self.assertEqual([without_found(line) for line in (data / "fraud_alerts.json").read_bytes().splitlines()], expected.alerts)
        self.assertRegex(done.stderr, r"5,000 records in .*/s\)")
        self.assertIn("HIGH_AMOUNT", done.stderr)
        self.assertIn("\nAccounts by volume\n", done.stdout)
        self.assertRegex(done.stdout, r"NAME +COUNT +VOLUME")
        report = json.loads((data / "analytics_report.json").read_text())
        bank("analyze", "--quiet", "--json", data / "own.json", "--html", "", data="batch")
        own = json.loads((data / "own.json").read_text())
        report["totals"]["resends"] = own["totals"]["resends"]  # only who has judged knows them
        for each in (report, own):
            for name in ("generated_at", "generator", "inputs", "alerts_input"):
                each.pop(name, None)
        self.assertEqual(report, own)

    def test_a_missing_file_is_told_in_a_line(self):
        done = bank("spark", "--batch", "/no/such/file.json", *LOCAL, code=1)
        self.assertRegex(done.stderr.splitlines()[-1], r"^error: .*/no/such/file\.json")


class Stream(unittest.TestCase):
    def test_the_topic_is_judged_once_and_goes_on_where_it_ended(self):
        lines = generate(folder.name, 4000, 150)
        path = pathlib.Path(folder.name) / "whole.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        topics = {"BANK_KAFKA_TRANSACTIONS_TOPIC": "stream-tx", "BANK_KAFKA_ALERTS_TOPIC": "stream-alerts"}
        bank("topics", "create", *kafka(), **topics)
        bank("replay", path, "--quiet", *kafka("--kafka"), data="stream", **topics)
        expected = sorted(FileMode(folder.name, lines).alerts)
        every = ("spark", "--stream", *kafka("--kafka"), "--trigger", "available-now", *LOCAL)
        done = bank(*every, "--console", "--alert-format", "json", data="stream", **topics)
        told = [record.value for record in broker.read("stream-alerts")]
        self.assertEqual(sorted(map(without_found, told)), expected)
        self.assertTrue(set(done.stdout.encode().splitlines()) <= set(told))
        self.assertRegex(done.stderr, r"batch +0 +4,000 rows .* alerts .* lag 0 ")
        self.assertRegex(done.stderr, r"4,000 records in ")

        again = bank(*every, data="stream", **topics)
        self.assertRegex(again.stderr, r"\b0 records in ")
        self.assertEqual(len(broker.read("stream-alerts")), len(told))

        foreign = bank(*every, "--lateness", "2h", data="stream", code=2, **topics)
        self.assertRegex(foreign.stderr, r"error: .*checkpoint")
        self.assertIn("--checkpoint", foreign.stderr)

    def test_ctrl_c_ends_it_after_the_batch_in_work(self):
        log = pathlib.Path(folder.name) / "stopped.log"
        with log.open("w") as err:
            process = subprocess.Popen(command("spark", "--stream", "--console", *kafka(), *LOCAL, data="stopped"), cwd=ROOT,
                                       env=environment(BANK_SPARK_JOB_DIR=JOB), stdout=subprocess.DEVNULL, stderr=err)
        try:
            deadline = time.monotonic() + 90
            while "Spark 4" not in log.read_text() and time.monotonic() < deadline and process.poll() is None:
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(60), 130, log.read_text())
        finally:
            process.kill()
        self.assertIn("Stopped: the batch in work was finished", log.read_text())

    def test_no_broker_is_told_in_a_line(self):
        done = bank("spark", "--stream", "--console", "--bootstrap-server", "127.0.0.1:1", *LOCAL, data="none", code=1)
        self.assertRegex(done.stderr.splitlines()[-1], r"^error: .*127\.0\.0\.1:1")


class Run(unittest.TestCase):
    def test_the_pipeline_finds_what_file_mode_finds(self):
        def found(data):
            text = (pathlib.Path(folder.name) / data / "fraud_alerts.json").read_text()
            return sorted(re.sub(r', "detected_at": .*', "", line) for line in text.splitlines())

        bank("run", "--count", 3000, "--seed", 5, data="run-file")
        done = bank("run", "--mode", "spark", "--count", 3000, "--seed", 5, *kafka(), "--master", "local[2]", data="run-spark")
        self.assertEqual(found("run-spark"), found("run-file"))
        self.assertGreater(len(found("run-file")), 10)
        self.assertIn("Against the labels", done.stdout)
        left = [path.name for path in (pathlib.Path(folder.name) / "run-spark").iterdir() if "checkpoint" in path.name]
        self.assertEqual(left, [])


if __name__ == "__main__":
    unittest.main()

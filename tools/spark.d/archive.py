"""A class archive (class data sharing, JEP 310) of what a job needs of Spark: Java maps ten thousand classes in from one file, instead
of reading, checking and linking each at every start. It is of one Java and one Spark; any other leaves it aside."""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import zipfile

# What only a stream loads, which would need a broker: all classes of these packages. The rest is what a small batch has loaded.
STREAM_JARS = ("kafka-clients-", "spark-sql-kafka-", "spark-token-provider-kafka-", "rocksdbjni-")
STREAM_PACKAGES = ("org/apache/spark/sql/execution/streaming/", "org/apache/spark/sql/streaming/", "org/apache/spark/sql/kafka010/")
STREAM_PACKAGE_JARS = ("spark-sql_", "spark-sql-api_", "spark-catalyst_")
NAME = "classes.jsa"
LINE = ('{"transaction_id": "T%d", "account_number": "A%d", "transaction_type": "PAYMENT", "amount": %d.5, "timestamp": "2026-01-01 12:%02d:00", '
        '"location": "Online-Portal", "merchant": "Shell Gas", "status": "COMPLETED"}\n')


def option(folder):
    """The line of an argument file of Java's (jvm.options) that uses the archive of this folder."""
    return f'"-XX:SharedArchiveFile={folder / NAME}"'


def make(java, options, jars, jar, rules, folder):
    """Makes it in `folder`, if it is not there yet for this Java and these files. `options`: an argument file; `jars`: the class path as
    it will be given to Java, for the archive serves no other; `jar`: of the job. Whether there is one."""
    version = subprocess.run([java, "-XshowSettings:vm", "-version"], capture_output=True, text=True, check=True).stderr
    state = [pathlib.Path(__file__).read_text(encoding="utf-8"), version, str(jars), options.read_text(), *sorted(f"{path.name} {path.stat().st_mtime_ns}" for path in jars.parent.iterdir())]
    of = hashlib.sha256("\n".join(state).encode()).hexdigest()
    archive, stamp = folder / NAME, folder / f"{NAME}.of"
    if archive.exists() and stamp.exists() and stamp.read_text() == of:
        return True
    stamp.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        listed, part = f"{scratch}/classes", archive.with_suffix(".part")
        command = [java, "-Xmx1g", f"@{options}", "-cp", str(jars)]
        ran = subprocess.run([*command, f"-XX:DumpLoadedClassList={listed}", "org.apache.spark.deploy.SparkSubmit", "--class", "bank.spark.Main", str(jar),
                              batch(rules, scratch)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                             env={**os.environ, "SPARK_HOME": str(jars.parent.parent), "SPARK_LOCAL_IP": "127.0.0.1"})
        if ran.returncode != 0:
            return False
        # Without the classes that Java makes of these: with a debugger's or profiler's hook for classes, Java 17 crashes on them.
        kept = [line for line in pathlib.Path(listed).read_text(encoding="utf-8").splitlines() if not line.startswith("@lambda-form-invoker")]
        pathlib.Path(listed).write_text("".join(f"{line}\n" for line in [*kept, *of_streams(jars.parent)]), encoding="utf-8")
        subprocess.run([*command, "-Xshare:dump", f"-XX:SharedClassListFile={listed}", f"-XX:SharedArchiveFile={part}"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        if not part.exists():
            return False
        part.rename(archive)  # a job that runs keeps its own
    stamp.write_text(of)
    return True


def batch(rules, scratch):
    """The settings of a batch that does a little of all."""
    with open(f"{scratch}/lines.jsonl", "w", encoding="utf-8") as file:
        file.writelines(LINE % (number, number % 20, number, number // 20) for number in range(1000))
    settings = {"mode": "batch", "rules": str(rules), "master": "local[2]", "spark": {"spark.local.dir": scratch, "spark.ui.port": "0"},
                "batch": {"inputs": [f"{scratch}/lines.jsonl"], "alerts": f"{scratch}/alerts", "processed": f"{scratch}/processed", "report": f"{scratch}/report"}}
    with open(f"{scratch}/batch.json", "w", encoding="utf-8") as file:
        json.dump(settings, file)
    return file.name


def of_streams(folder):
    """Names of classes in Spark's jars, as a class list has them."""
    for jar in sorted(folder.glob("*.jar")):
        if jar.name.startswith(STREAM_JARS + STREAM_PACKAGE_JARS):
            with zipfile.ZipFile(jar) as opened:
                names = [name.removesuffix(".class") for name in opened.namelist() if re.fullmatch(r"(org|com|net)/.*\.class", name)]
            yield from (name for name in names if jar.name.startswith(STREAM_JARS) or name.startswith(STREAM_PACKAGES))

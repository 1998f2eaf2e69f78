#!/usr/bin/env python3
"""`bank spark` beside what a user would write for Spark instead, and beside a Spark that reads the topic and does nothing: the same
topic, broker, Spark and machine, two cores.

Starts a broker, fills topics, runs each program several times (in turns, so that a noisy minute meets all), checks after each
run the alerts against those of file mode, and prints medians; the same for a file, in batch; then how long a start takes, and how long a
transaction until its alert is visible. `make bench-peers-spark` calls it. Tools and results (JSON) stay in build/bench-peers-spark.

  bench.py --bank build/release/bin/bank [--count 3000000] [--runs 3] [--only NAME …] [--parts stream batch start latency]
  bench.py --bank build/release/bin/bank --parts backlog: does a long backlog go through in bounded memory, and does state shrink?
"""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import sys

sys.dont_write_bytecode = True
from peers import ROOT, Tools  # noqa: E402
from backlog import backlog  # noqa: E402
from batch import batch  # noqa: E402
from spark_latency import measure_latency, measure_start  # noqa: E402
from stage import Stage, say  # noqa: E402
from stream import stream  # noqa: E402

PARTS = {"stream": stream, "batch": batch, "start": measure_start, "latency": measure_latency}
ASKED_FOR = {"backlog": backlog}  # no comparison, so only if asked for


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", type=pathlib.Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--parts", nargs="*", choices=PARTS | ASKED_FOR, default=list(PARTS))
    parser.add_argument("--only", nargs="+", default=[], help="of stream and batch: programs whose name begins so")
    parser.add_argument("--count", type=int, default=4_000_000, help="records of the topic that bank and the floor get")
    parser.add_argument("--sql-count", type=int, default=1_000_000, help="… that Spark SQL gets")
    parser.add_argument("--python-count", type=int, default=100_000, help="… that PySpark gets")
    parser.add_argument("--per-batch", type=int, default=250_000, help="records of a batch of a stream")
    parser.add_argument("--python-per-batch", type=int, default=25_000, help="… of PySpark's")
    parser.add_argument("--lines", type=int, default=2_000_000, help="of the file for batch")
    parser.add_argument("--accounts", type=int, default=50_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--backlog", type=int, default=10_000_000, help="records of the backlog")
    parser.add_argument("--backlog-accounts", type=int, default=200_000)
    parser.add_argument("--backlog-mib", type=int, default=3_500, help="what the backlog may take of memory, at most")
    parser.add_argument("--memory", default="2g", help="heap of each program")
    parser.add_argument("--jvm-options", default="", help="more for each JVM, such as those of a profiler")
    parser.add_argument("--rate", type=int, default=5_000, help="transactions a second of the latency run")
    parser.add_argument("--latency-seconds", type=int, default=30)
    parser.add_argument("--warm-seconds", type=int, default=20, help="of the latency run, before those that count")
    parser.add_argument("--triggers", nargs="+", default=["0s", "1s", "5s"])
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/bench-peers-spark")
    return parser.parse_args()


def main():
    options = parse()
    folder = options.folder.resolve()
    tools = Tools(folder, options.memory, options.jvm_options)
    tools.build()
    load = os.getloadavg()[0]
    if load > 0.5:
        say(f"The load of this machine is {load:.1f} before anything has begun: something else runs, and the figures will be of both.")
    settings = {name: value for name, value in vars(options).items() if not isinstance(value, pathlib.Path)}
    results = {"options": settings, "begun": datetime.datetime.now(datetime.timezone.utc).isoformat(), "load_before": load}
    with Stage(folder, options.bank.resolve(), options.accounts, options.partitions) as stage:
        for part in options.parts:
            results[part] = (PARTS | ASKED_FOR)[part](options, stage, tools)
            (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    shutil.rmtree(folder / "scratch", ignore_errors=True)


if __name__ == "__main__":
    main()

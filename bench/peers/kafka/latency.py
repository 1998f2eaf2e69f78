"""Latency: from the sending of a transaction to the moment when a read_committed consumer has what bank says of it.

latency_probe.cpp sends and receives, by one clock. It sends itself, since `bank generate --rate` gives its transactions times
of whole seconds.
"""

import contextlib
import json
import os
import signal
import statistics
import subprocess
import time

from stage import run_quietly, say

START_SECONDS = 3  # for the detector to join its group
# A broker that has just been started takes more than a minute of transactions, a hundred a second, until the code of its own that
# they run through is compiled well: until then it takes half of the machine, and the tail is its.
WARM_UP_SECONDS = 80
ACCOUNTS = 1_000_000  # so many that an account's five minutes hold no more than the usual few, at a rate of thousands


@contextlib.contextmanager
def running(command, environment, log, stdin=subprocess.DEVNULL):
    """A program beside the block; interrupted at its end, as by Ctrl-C, and waited for. It must then end well."""
    with open(log, "wb") as output:
        process = subprocess.Popen(list(map(str, command)), env={**os.environ, **environment}, stdin=stdin, stdout=output,
                                   stderr=output)
        try:
            yield process
            process.send_signal(signal.SIGINT)
            if process.wait(timeout=60) not in (0, 130):
                raise SystemExit(f"{command[0]}: exit code {process.returncode}; {log} says why")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def probe(options, stage, tools, file, topic, output, quiet_seconds=2):
    """What the probe finds; it ends when all is sent, and nothing has come any more for a while."""
    run = stage.measure([tools.probe, stage.broker.address, topic, output, file, options.rate, quiet_seconds])
    return json.loads(run.stdout)


def without_detector(options, stage, tools, file, name):
    """The way to the broker and back alone: what of the other figures is not bank's."""
    stage.create_topics(name)
    figures = probe(options, stage, tools, file, name, name)
    say(f"  no detector: {figures}")
    return {"of": "transactions, no detector", "interval_ms": 0, **figures}


def with_detector(options, stage, tools, file, interval_ms, of, name):
    topics = {kind: f"{name}-{kind}" for kind in ("transactions", "alerts", "processed")}
    stage.create_topics(*topics.values(), f"{topics['alerts']}.dlq")
    command = stage.bank_command("default", interval_ms, "--write-processed", "yes" if of == "processed" else "no")
    environment = stage.bank_environment(topics["transactions"], topics["alerts"], name, topics["processed"])
    with running(command, environment, stage.folder / f"{name}.log") as detector:
        time.sleep(START_SECONDS)
        figures = probe(options, stage, tools, file, topics["transactions"], topics[of])
        if detector.poll() is not None:
            raise SystemExit(f"bank detect has ended; {stage.folder / name}.log says why")
    say(f"  {name}: {figures}")
    return {"of": of, "interval_ms": interval_ms, **figures}


@contextlib.contextmanager
def transactions(options, stage):
    """The file of what the probe sends."""
    file = stage.folder / "latency.jsonl"
    run_quietly([stage.bank, "generate", "--quiet", "--count", options.rate * options.latency_seconds, "--accounts", ACCOUNTS, "--seed", 2,
                 "--labels", "", "--output", file])
    try:
        yield file
    finally:
        file.unlink()


def warm_up(options, stage, tools):
    say("Warming up the broker…")
    with transactions(options, stage) as file:
        for number in range(-(-WARM_UP_SECONDS // options.latency_seconds)):
            with_detector(options, stage, tools, file, min(options.intervals), "alerts", f"warm-up-{number}")


def measure_latency(options, stage, tools):
    say("Latency…")
    with transactions(options, stage) as file:
        return measure_latencies(options, stage, tools, file)


def measure_latencies(options, stage, tools, file):
    kinds = [("alerts", interval) for interval in options.intervals] + [("processed", interval) for interval in options.intervals]
    runs = {("transactions, no detector", 0): [], **{kind: [] for kind in kinds}}
    for number in range(1, options.runs + 1):
        say(f"Run {number} of {options.runs}…")
        runs["transactions, no detector", 0].append(without_detector(options, stage, tools, file, f"latency-alone-{number}"))
        for of, interval in kinds:
            runs[of, interval].append(with_detector(options, stage, tools, file, interval, of, f"latency-{of}-{interval}-{number}"))
    print(f"\nSent to visible for a read_committed consumer, at {options.rate:,} transactions a second for {options.latency_seconds} s, default rules, "
          f"ms; medians of {options.runs} runs. Processed: every transaction is written with its decision, besides the alerts.")
    print("\n| of | commit every | seen | p50 | p99 (least–most) | p99.9 | most | sent a second |\n|---|---|---|---|---|---|---|---|")
    for (of, interval), figures in runs.items():
        middle = {name: statistics.median(run[name] for run in figures) for name in ("seen", "p50", "p99", "p999", "max", "sent", "seconds")}
        p99 = [run["p99"] for run in figures]
        print(f"| {of} | {interval or '–'} | {middle['seen']:,.0f} | {middle['p50']:.1f} | {middle['p99']:.1f} ({min(p99):.0f}–{max(p99):.0f}) "
              f"| {middle['p999']:.1f} | {middle['max']:.1f} | {middle['sent'] / middle['seconds']:,.0f} |")
    return [run for figures in runs.values() for run in figures]

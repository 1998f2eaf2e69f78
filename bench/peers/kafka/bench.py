#!/usr/bin/env python3
"""`bank detect --kafka` beside what a user would take instead: the same topic, the same broker, the same alerts, exactly once.

Starts a broker, fills a topic, runs each program on it several times (in turns, so that a noisy minute meets all), checks after
each run that what a read_committed consumer sees are the alerts of the seed rules that file mode finds, and prints medians; and
measures how long a transaction takes until its alert is visible. `make bench-peers-kafka` calls it. Tools and results (JSON) stay
in build/bench-peers-kafka.

  bench.py --bank build/release/bin/bank [--count 3000000] [--runs 5] [--only NAME …] [--parts throughput latency] [--soak MINUTES]
"""

import argparse
import collections
import datetime
import json
import os
import pathlib
import statistics
import sys

sys.dont_write_bytecode = True
from latency import measure_latency, warm_up  # noqa: E402
from soak import soak  # noqa: E402
from stage import FLINK_OPENS, ROOT, Stage, Tools, check_alerts, say  # noqa: E402

LIMIT, BANK, FILE = "raw consumer, jemalloc", "bank, default rules", "file mode, default rules"

# `records` of `topic` → `command(name, alerts topic)`; `seconds(run, alerts)`: from the first record to the last commit. `alerts`:
# where they are then: on that "topic", in a "file" of the stage's, or "nowhere".
Peer = collections.namedtuple("Peer", "name topic records alerts command seconds")


def own_clock(run, _alerts):
    return json.loads(run.stdout.splitlines()[-1])["seconds"]


def since_first_alert(run, alerts):
    """bank says no more of its beginning than the time of its first alert; its end is that of the process, later than its last
    commit."""
    first = min(alert["detected_at"] for alert in alerts)
    return (run.ended - datetime.datetime.fromisoformat(first.replace("Z", "+00:00"))).total_seconds()


def make_peers(options, stage, tools):
    full, small = f"transactions-{options.count}", f"transactions-{options.python_count}"
    broker = stage.broker.address

    def bank(rules):
        return Peer(f"bank, {rules} rules", full, options.count, "topic",
                    lambda name, alerts: (stage.bank_command(rules, 100, "--until-end"), stage.bank_environment(full, alerts, name)),
                    since_first_alert)

    def raw(name, program):
        return Peer(name, full, options.count, "nowhere", lambda _name, _alerts: ([program, broker, full], {}), own_clock)

    def file_mode(_name, _alerts):
        return [stage.bank, "detect", "--quiet", "--file", stage.file_of(full), "--rules", ROOT / "config/rules/default.yaml",
                "--output", stage.file_of("alerts"), "--rejected", ""], {}

    def other(name, program, topic, count):
        def command(run, alerts):
            folder = stage.folder / "states" / run
            folder.mkdir(parents=True, exist_ok=True)
            return [*program, broker, topic, alerts, run, count, folder], {}
        return Peer(name, topic, count, "topic", command, own_clock)

    python = ROOT / "bench/peers/kafka/python"
    return [
        raw(LIMIT, tools.raw),
        raw("raw consumer, glibc's malloc", tools.raw_glibc),
        bank("default"),
        bank("seed"),
        Peer(FILE, full, options.count, "file", file_mode, lambda run, _alerts: run.wall_s),
        other("Flink 2.2", tools.java("flink", "bank.peer.Flink", *FLINK_OPENS), full, options.count),
        other("Kafka Streams 4.3", tools.java("streams", "bank.peer.Streams"), full, options.count),
        other("Python, confluent-kafka", [tools.python, python / "confluent.py"], small, options.python_count),
        other("Python, kafka-python", [tools.python, python / "kafka_python.py"], small, options.python_count),
    ]


def one_run(peer, number, stage):
    """One run, as its figures."""
    name = "".join(letter if letter.isalnum() else "-" for letter in peer.name) + f"-{number}"
    topic = f"alerts-{name}"
    if peer.alerts == "topic":
        stage.create_topics(topic, f"{topic}.dlq")
    run = stage.measure(*peer.command(name, topic))
    alerts = stage.alerts(topic) if peer.alerts == "topic" else stage.alerts_in("alerts") if peer.alerts == "file" else []
    if peer.alerts != "nowhere":
        check_alerts(peer.name, alerts, stage.truths[peer.topic])
    seconds = peer.seconds(run, alerts)
    figures = {"wall_s": run.wall_s, "steady_s": seconds, "cpu_s": run.cpu_s, "broker_cpu_s": run.broker_cpu_s, "rss_mib": run.rss_mib}
    say(f"  {peer.name}: {seconds:.2f} s, {peer.records / seconds / 1e6:.3f} million/s; the process {run.wall_s:.2f} s, {run.rss_mib:.0f} MiB")
    return figures


def print_table(peers, results):
    def median(peer, field):
        return statistics.median(run[field] for run in results[peer.name])

    rate = {peer.name: peer.records / median(peer, "steady_s") / 1e6 for peer in peers}
    print("\n| | million records | s (least–most) | million/s | bank is × | s of the process | million/s | CPU s | broker's CPU s | peak MiB |"
          "\n|---|---|---|---|---|---|---|---|---|---|")
    for peer in peers:
        steady = [run["steady_s"] for run in results[peer.name]]
        ratio = f"{rate[BANK] / rate[peer.name]:.2f}" if BANK in rate else "–"
        print(f"| {peer.name} | {peer.records / 1e6:g} | {statistics.median(steady):.2f} ({min(steady):.2f}–{max(steady):.2f}) "
              f"| {rate[peer.name]:.3f} | {ratio} | {median(peer, 'wall_s'):.2f} | {peer.records / median(peer, 'wall_s') / 1e6:.3f} "
              f"| {median(peer, 'cpu_s'):.2f} | {median(peer, 'broker_cpu_s'):.2f} | {median(peer, 'rss_mib'):.0f} |")
    print("\nThe first seconds are from the first record that a program got to its last commit (bank: from its first alert to the end of "
          "its process; file mode: the whole process); the others are the whole process, with its start, the joining of its group, and its end.")
    if BANK in rate and LIMIT in rate:
        print(f"bank with the default rules has {rate[BANK] / rate[LIMIT]:.0%} of the limit that the raw consumer sets.")
    if {BANK, LIMIT, FILE} <= set(rate):
        whole = {peer.name: peer.records / median(peer, "wall_s") / 1e6 for peer in peers}
        both = 1 / (1 / whole[LIMIT] + 1 / whole[FILE])
        print(f"As whole processes: what the raw consumer does and what file mode does, one after the other on these cores, comes to "
              f"{both:.3f} million/s, {both / whole[LIMIT]:.0%} of the raw consumer's; bank has {whole[BANK] / both:.0%} of that, with the "
              "broker and the transactions on the same cores.")


def throughput(options, stage, tools):
    peers = make_peers(options, stage, tools)
    if options.only:
        peers = [peer for peer in peers if peer.name.startswith(tuple(options.only))]
    for topic, count in dict.fromkeys((peer.topic, peer.records) for peer in peers):
        stage.fill(topic, count, keep_file=any(peer.alerts == "file" and peer.topic == topic for peer in peers))
    say("Warming up…")
    stage.measure([tools.raw, stage.broker.address, peers[0].topic])
    results = collections.defaultdict(list)
    for number in range(1, options.runs + 1):
        say(f"Run {number} of {options.runs}…")
        for peer in peers:
            results[peer.name].append(one_run(peer, number, stage))
    counts = ", ".join(f"{len(truth):,} of {topic.rpartition('-')[2]} records" for topic, truth in stage.truths.items())
    print(f"Every run's alerts of the seed rules are those of file mode: {counts}.")
    print(f"{options.accounts:,} accounts, {options.partitions} partitions, lz4, {os.cpu_count()} cores, medians of {options.runs} runs; bank and "
          "Kafka Streams and Python commit every 100 ms, Flink every second.")
    print_table(peers, results)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", type=pathlib.Path, required=True)
    parser.add_argument("--count", type=int, default=3_000_000)
    parser.add_argument("--python-count", type=int, default=300_000, help="records of the topic that the Python clients get")
    parser.add_argument("--accounts", type=int, default=50_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=[], help="peers whose name begins so")
    parser.add_argument("--parts", nargs="*", choices=["throughput", "latency"], default=["throughput", "latency"])
    parser.add_argument("--rate", type=int, default=20_000, help="transactions a second of the latency run")
    parser.add_argument("--latency-seconds", type=int, default=10)
    parser.add_argument("--intervals", type=int, nargs="+", default=[10, 50, 100], help="commit intervals of the latency run, in ms")
    parser.add_argument("--soak", type=float, default=0, metavar="MINUTES", help="generate and detect at a fixed rate for so long")
    parser.add_argument("--soak-rate", type=int, default=100_000)
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build/bench-peers-kafka")
    options = parser.parse_args()
    options.python_count = min(options.python_count, options.count)

    folder = options.folder.resolve()
    tools = Tools(folder)
    tools.build()
    load = os.getloadavg()[0]
    if load > 0.5:
        say(f"The load of this machine is {load:.1f} before anything has begun: something else runs, and the figures will be of both.")
    settings = {name: value for name, value in vars(options).items() if not isinstance(value, pathlib.Path)}
    results = {"options": settings, "begun": datetime.datetime.now(datetime.timezone.utc).isoformat(), "load_before": load}
    with Stage(folder, options.bank.resolve(), options.accounts, options.partitions) as stage:
        if options.parts:
            warm_up(options, stage, tools)
        for part, run in {"latency": measure_latency, "throughput": throughput, "soak": soak}.items():
            if part in options.parts or part == "soak" and options.soak > 0:
                results[part] = run(options, stage, tools)
                (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()

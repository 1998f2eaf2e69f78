"""The stream: programs that go through all that a topic holds, in batches of one size, and write alerts into another."""

import collections
import os
import shutil
import statistics

import program
from peers import MASTER, our_stream
from stage import RUN_SECONDS, SEED_RULES, check_alerts, say

FLOOR, OURS = "floor: reads, does nothing", "bank, default rules"
TUMBLING, SLIDING, PYSPARK = "Spark SQL, tumbling windows", "Spark SQL, sliding windows", "PySpark, applyInPandasWithState"

# `command(scratch, alerts topic)`; `rules`: those whose alerts must be file mode's.
Peer = collections.namedtuple("Peer", "name records topic rules command")


def make_peers(options, stage, tools):
    broker, size = stage.broker.address, options.per_batch

    def named(count):
        return f"transactions-{count}"

    def bank(rules):
        def command(scratch, alerts):
            return tools.ours(scratch, our_stream(scratch, rules, stage, named(options.count), alerts, max_per_batch=size))
        return Peer(f"bank, {rules} rules", options.count, named(options.count), SEED_RULES, command)

    def java(name, what, count, rules):
        def command(scratch, alerts):
            return tools.java(scratch, "bank.peer.Stream", what, broker, named(count), size, scratch / "checkpoint", alerts)
        return Peer(name, count, named(count), rules, command)

    def pyspark(scratch, alerts):
        return tools.pyspark(scratch, "stateful.py", broker, named(options.python_count), options.python_per_batch, scratch / "checkpoint", alerts)

    return [
        java(FLOOR, "nothing", options.count, ()),
        bank("default"),
        bank("seed"),
        java(TUMBLING, "tumbling", options.sql_count, ("HIGH_AMOUNT",)),
        java(SLIDING, "sliding", options.sql_count, ("HIGH_AMOUNT",)),
        Peer(PYSPARK, options.python_count, named(options.python_count), SEED_RULES, pyspark),
    ]


def folder_size(folder):
    """(MiB, files) of all that is in a folder."""
    sizes = [os.stat(os.path.join(path, name)).st_size for path, _, names in os.walk(folder) for name in names]
    return sum(sizes) / 2**20, len(sizes)


def later(told):
    """The later half of the batches, without what was left over at the end, and the batch before them."""
    largest = max(each.event["rows"] for each in told)
    full = [each for each in told if each.event["rows"] > largest / 2]
    if len(full) < 3:
        raise SystemExit(f"there are {len(full)} batches, and three at least are needed; make the topics larger, or the batches smaller")
    half = len(full) // 2
    return full[half:], full[half - 1]


def figures_of(peer, run, broker_cpu_s, checkpoint):
    """Of one run that has ended."""
    told = run.events("batch")
    rows = sum(each.event["rows"] for each in told)
    if rows != peer.records:
        raise SystemExit(f"{peer.name} has read {rows} records of {peer.records}; the logs in {run.scratch} say why")
    steady, before = later(told)
    durations = collections.Counter()
    for each in steady:
        durations.update(each.event["durations"])
    part = sum(each.event["rows"] for each in steady) / peer.records
    mib, files = folder_size(checkpoint)
    return {
        "steady_s": sum(each.event["duration_ms"] for each in steady) / 1e3 / part,  # as if all records had gone at that rate
        "steady_cpu_s": (steady[-1].cpu_s - before.cpu_s) / part,
        "wall_s": run.usage.wall_s,
        "started_s": run.events("started")[0].at_s,
        "first_batch_s": told[0].at_s,
        "cpu_s": run.usage.cpu_s,
        "broker_cpu_s": broker_cpu_s,
        "rss_mib": run.usage.rss_mib,
        "checkpoint_mib": mib,
        "checkpoint_files": files,
        "batch_ms": [each.event["duration_ms"] for each in told],
        "steady_batch_ms": {name: round(ms / len(steady)) for name, ms in durations.items()},
    }


def one_run(peer, number, stage):
    """One run, as its figures."""
    name = "".join(letter if letter.isalnum() else "-" for letter in peer.name) + f"-{number}"
    topic, scratch = f"alerts-{name}", stage.folder / "scratch" / name
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    stage.create_topics(topic, f"{topic}.dlq")
    command, environment = peer.command(scratch, topic)
    broker_before = stage.broker_cpu_s()
    run = program.run(scratch, command, environment, RUN_SECONDS)
    figures = figures_of(peer, run, stage.broker_cpu_s() - broker_before, scratch / "checkpoint")
    check_alerts(peer.name, stage.alerts(topic), stage.truths[peer.topic], peer.rules)
    shutil.rmtree(scratch)
    say(f"  {peer.name}: {peer.records / figures['steady_s'] / 1e3:.0f} thousand/s steady, {peer.records / figures['wall_s'] / 1e3:.0f} overall; "
        f"{figures['wall_s']:.1f} s, {figures['rss_mib']:.0f} MiB")
    return figures


def print_tables(peers, results, options):
    def median(peer, field):
        return statistics.median(run[field] for run in results[peer.name])

    rate = {peer.name: peer.records / median(peer, "steady_s") / 1e3 for peer in peers}
    overall = {peer.name: peer.records / median(peer, "wall_s") / 1e3 for peer in peers}
    print(f"\nStream: steady is the later half of the batches (of {options.per_batch:,} records; PySpark's {options.python_per_batch:,}), overall the whole process "
          "with its start and end; thousand records/s.")
    print("\n| | million records | steady (least–most) | of the floor | bank is × | overall | bank is × | CPU s a million, steady | overall "
          "| broker's | peak MiB | checkpoint MiB | files |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    for peer in peers:
        rates = [peer.records / run["steady_s"] / 1e3 for run in results[peer.name]]
        of_floor = f"{rate[peer.name] / rate[FLOOR]:.0%}" if FLOOR in rate else "–"
        times, times_overall = (f"{of[OURS] / of[peer.name]:.2f}" if OURS in of else "–" for of in (rate, overall))
        print(f"| {peer.name} | {peer.records / 1e6:g} | {rate[peer.name]:.1f} ({min(rates):.1f}–{max(rates):.1f}) | {of_floor} | {times} "
              f"| {overall[peer.name]:.1f} | {times_overall} | {median(peer, 'steady_cpu_s') / peer.records * 1e6:.1f} | {median(peer, 'cpu_s') / peer.records * 1e6:.1f} "
              f"| {median(peer, 'broker_cpu_s') / peer.records * 1e6:.1f} | {median(peer, 'rss_mib'):.0f} | {median(peer, 'checkpoint_mib'):.1f} "
              f"| {median(peer, 'checkpoint_files'):.0f} |")
    print("\nWhere a batch's time goes, in ms, as Spark tells it (mean of the steady batches, medians of the runs):")
    parts = sorted({part for runs in results.values() for run in runs for part in run["steady_batch_ms"]} - {"triggerExecution"})
    print(f"\n| | all | {' | '.join(parts)} |\n|---|---|{'---|' * len(parts)}")
    for peer in peers:
        spent = {part: statistics.median(run["steady_batch_ms"].get(part, 0) for run in results[peer.name]) for part in ["triggerExecution", *parts]}
        print(f"| {peer.name} | {' | '.join(f'{ms:.0f}' for ms in spent.values())} |")


def stream(options, stage, tools):
    peers = make_peers(options, stage, tools)
    if options.only:
        peers = [peer for peer in peers if peer.name.startswith(tuple(options.only))]
    for topic, count in dict.fromkeys((peer.topic, peer.records) for peer in peers):
        stage.fill(topic, count)
    say("Warming up…")  # the broker, and the pages of the files that are read
    one_run(peers[0], 0, stage)
    results = collections.defaultdict(list)
    for number in range(1, options.runs + 1):
        say(f"Run {number} of {options.runs}…")
        for peer in peers:
            results[peer.name].append(one_run(peer, number, stage))
    print(f"{MASTER}, {options.memory} heap, {options.accounts:,} accounts, {options.partitions} partitions, lz4, medians of {options.runs} runs in turns.")
    print("bank and PySpark: every run's alerts of the two seed rules are file mode's. Spark SQL: those of HIGH_AMOUNT are; its windows begin at fixed "
          "times, so its VELOCITY is another rule, and is not compared. bank writes exactly once, the others at least once.")
    print_tables(peers, results, options)
    return results

"""Batch: programs that judge a file of JSON lines, twice in one process: the first time cold, as a user would, the second time warm."""

import collections
import json
import shutil
import statistics

import program
from peers import our_config
from stage import RUN_SECONDS, SEED_RULES, check_alerts, run_quietly, say

OURS, RANGE, EXACT = "bank, seed rules", "Spark SQL, RANGE window", "Spark SQL, RANGE window, exact"
PASSES = 2

# `command(scratch, outputs)`: one output a pass; `rules`: those whose alerts must be file mode's.
Peer = collections.namedtuple("Peer", "name rules command")


def make_peers(tools, file):
    def bank(rules):
        def command(scratch, outputs):
            return tools.ours(scratch, [our_config(scratch, rules, batch={"inputs": [str(file)], "alerts": str(output)}) for output in outputs])
        return Peer(f"bank, {rules} rules", SEED_RULES, command)

    def sql(name, what, rules):
        return Peer(name, rules, lambda scratch, outputs: tools.java(scratch, "bank.peer.Batch", what, file, *outputs))

    return [bank("default"), bank("seed"), sql(RANGE, "range", ("HIGH_AMOUNT",)), sql(EXACT, "exact", SEED_RULES)]


def alerts_in(output):
    """Of a file, or of all files in a folder that Spark has written."""
    files = sorted(output.glob("part-*")) if output.is_dir() else [output]
    for file in files:
        with open(file, encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def one_run(peer, number, options, stage, truth):
    name = "batch-" + "".join(letter if letter.isalnum() else "-" for letter in peer.name) + f"-{number}"
    scratch = stage.folder / "scratch" / name
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    outputs = [scratch / f"alerts-{number}" for number in range(PASSES)]
    run = program.run(scratch, *peer.command(scratch, outputs), RUN_SECONDS)
    passes = run.events("ended")
    for output in outputs:
        check_alerts(peer.name, list(alerts_in(output)), truth, peer.rules)
    shutil.rmtree(scratch)
    figures = {"whole_s": passes[0].at_s, "cold_s": passes[0].event["duration_ms"] / 1e3, "warm_s": passes[1].event["duration_ms"] / 1e3,
               "started_s": run.events("started")[0].at_s, "whole_cpu_s": passes[0].cpu_s, "warm_cpu_s": passes[1].cpu_s - passes[0].cpu_s,
               "rss_mib": run.usage.rss_mib}
    say(f"  {peer.name}: {figures['cold_s']:.1f} s, {options.lines / figures['cold_s'] / 1e3:.0f} thousand/s; again {figures['warm_s']:.1f} s; "
        f"{figures['rss_mib']:.0f} MiB")
    return figures


def print_table(peers, results, options):
    def median(peer, field):
        return statistics.median(run[field] for run in results[peer.name])

    fields = ("cold_s", "warm_s", "whole_s")
    rates = {field: {peer.name: options.lines / median(peer, field) / 1e3 for peer in peers} for field in fields}
    print(f"\nBatch: {options.lines:,} lines. Cold is the first pass without the start of Spark, warm a second pass in the same process, whole the first with "
          "the start; thousand records/s.")
    print(f"\n| | cold (least–most) | bank is × | warm | bank is × | whole | bank is × | CPU s, warm | CPU s, whole | peak MiB |\n|---|{'---|' * 9}")
    for peer in peers:
        cold = [options.lines / run["cold_s"] / 1e3 for run in results[peer.name]]
        cells = []
        for field in fields:
            rate = rates[field]
            spread = f" ({min(cold):.0f}–{max(cold):.0f})" if field == "cold_s" else ""
            cells += [f"{rate[peer.name]:.0f}{spread}", f"{rate[OURS] / rate[peer.name]:.2f}" if OURS in rate else "–"]
        print(f"| {peer.name} | {' | '.join(cells)} | {median(peer, 'warm_cpu_s'):.1f} | {median(peer, 'whole_cpu_s'):.1f} | {median(peer, 'rss_mib'):.0f} |")
    print("\nbank is ×: with the seed rules, which are what the others judge. The plain RANGE window counts transactions of the same second that arrive "
          "later, too; of it, HIGH_AMOUNT alone is compared.")


def batch(options, stage, tools):
    peers = make_peers(tools, stage.folder / "batch.jsonl")
    if options.only:
        peers = [peer for peer in peers if peer.name.startswith(tuple(options.only))]
    file = stage.folder / "batch.jsonl"
    say(f"Generating {file.name}…")
    run_quietly([stage.bank, *stage.generated(options.lines), "--output", file])
    truth = stage.truth(file)
    results = collections.defaultdict(list)
    for number in range(1, options.runs + 1):
        say(f"Run {number} of {options.runs}…")
        for peer in peers:
            results[peer.name].append(one_run(peer, number, options, stage, truth))
    file.unlink()
    print_table(peers, results, options)
    return results

#!/usr/bin/env python3
"""File mode beside what a user would take instead: the same file, the same alerts, one table.

Makes a file of transactions, runs each program on it several times (in turns, so that a noisy minute meets all), checks
that all find the same alerts, and prints medians. `make bench-peers` calls it. The file, the variants of it, the peers' Python
environment and the results stay in build/bench-peers.

  bench.py --bank build/release/bin/bank [--lines 5000000] [--accounts 100000] [--runs 5] [--only NAME …]
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
PYTHON_LINES = 1_000_000  # plain Python is given no more than the first million

Peer = collections.namedtuple("Peer", "name command lines alerts")
Run = collections.namedtuple("Run", "wall_s cpu_s rss_mib")


def measure(command):
    """Runs a command and waits for it: wall time, CPU time, peak memory. /usr/bin/time starts it, since a process counts the memory
    of the one that started it to its own peak, and this Python is larger than some that are measured."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as figures:
        start = time.monotonic()
        done = subprocess.run(["/usr/bin/time", "-q", "-f", "%U %S %M", "-o", figures.name, *map(str, command)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        wall = time.monotonic() - start
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}: exit code {done.returncode}\n{done.stderr.decode(errors='replace')}")
        user, system, rss_kib = figures.read().split()
    return Run(wall, float(user) + float(system), int(rss_kib) / 1024)


class Number(str):
    """A number as the file spells it."""


def shuffle(source, target):
    """The same transactions with the keys of each line in an order of its own and without spaces."""
    dice = random.Random(1)
    with open(source, encoding="utf-8") as lines, open(target, "w", encoding="utf-8") as output:
        for line in lines:
            fields = list(json.loads(line, parse_float=Number, parse_int=Number).items())
            dice.shuffle(fields)
            texts = (f'"{key}":{value if isinstance(value, Number) else json.dumps(value, ensure_ascii=False)}' for key, value in fields)
            output.write("{" + ",".join(texts) + "}\n")


def make_inputs(bank, folder, lines, accounts):
    folder.mkdir(parents=True, exist_ok=True)
    plain, shuffled, first = (folder / f"{lines}-{accounts}{suffix}.jsonl" for suffix in ("", "-shuffled", "-first"))
    if not plain.exists():
        print(f"Generating {lines:,} transactions of {accounts:,} accounts…", flush=True)
        part = plain.with_suffix(".part")
        run = measure([bank, "generate", "--count", lines, "--accounts", accounts, "--seed", 1, "--output", part])
        part.rename(plain)
        print(f"  {run.wall_s:.2f} s, {lines / run.wall_s / 1e6:.2f} million/s, {run.rss_mib:.0f} MiB")
    if not shuffled.exists():
        print("Shuffling the keys of a copy…", flush=True)
        shuffle(plain, shuffled.with_suffix(".part"))
        shuffled.with_suffix(".part").rename(shuffled)
    if not first.exists():
        with open(plain, "rb") as source, open(first, "wb") as target:
            for _, line in zip(range(PYTHON_LINES), source):
                target.write(line)
    return plain, shuffled, first


def make_tools(folder):
    """The peers' Python with its packages, and the bare parser."""
    python = folder / "venv/bin/python"
    wanted = (HERE / "requirements.txt").read_text()
    done = folder / "venv/requirements.txt"
    if not done.exists() or done.read_text() != wanted:
        print("Installing DuckDB and Polars into build/bench-peers/venv…", flush=True)
        subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
        subprocess.run([python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "-r", HERE / "requirements.txt"], check=True)
        done.write_text(wanted)
    parser = folder / "bare_parser"
    source = HERE / "bare_parser.cpp"
    if not parser.exists() or parser.stat().st_mtime < source.stat().st_mtime:
        # haswell, by its name: simdjson takes its slow fallback for -march=x86-64-v3.
        subprocess.run(["g++", "-std=c++20", "-O3", "-march=haswell", source, "-lsimdjson", "-lpthread", "-o", parser], check=True)
    return python, parser


def make_peers(bank, folder, inputs, python, parser, lines):
    plain, shuffled, first = inputs
    seed, default = (ROOT / "config/rules" / name for name in ("seed.yaml", "default.yaml"))
    cores = os.cpu_count()

    def detect(name, file, rules, threads):
        output = folder / f"{name}.alerts"
        return Peer(name, [bank, "detect", "--file", file, "--rules", rules, "--threads", threads, "--output", output], lines, output)

    def script(name, file, file_lines):
        output = folder / f"{name}.alerts"
        return Peer(name, [python, HERE / "peers" / f"{name}.py", file, output], file_lines, output)

    return [
        Peer("wc -l", ["wc", "-l", plain], lines, None),
        Peer("bare parser, 1 thread", [parser, plain, 1], lines, None),
        Peer(f"bare parser, {cores} threads", [parser, plain, cores], lines, None),
        detect("bank, seed rules", plain, seed, cores),
        detect("bank, seed rules, 1 thread", plain, seed, 1),
        detect("bank, seed rules, shuffled keys", shuffled, seed, cores),
        detect("bank, default rules", plain, default, cores),
        script("duckdb_range", plain, lines),
        script("duckdb_lag", plain, lines),
        script("polars_rolling", plain, lines),
        script("polars_shift", plain, lines),
        script("plain_python", first, min(lines, PYTHON_LINES)),
    ]


def alerts_of(peer):
    """{transaction id: (above 5000?, transactions in 5 minutes or 0)} of the two seed rules, however the peer writes it."""
    found = {}
    with open(peer.alerts, encoding="utf-8") as lines:
        for line in lines:
            if peer.name.startswith("bank"):
                alert = json.loads(line)
                high, recent = found.get(alert["transaction_id"], (False, 0))
                if alert["alert_type"] == "HIGH_AMOUNT":
                    high = True
                elif alert["alert_type"] == "VELOCITY":
                    recent = int(re.match(r"\d+", alert["reason"]).group())
                else:
                    continue
                found[alert["transaction_id"]] = (high, recent)
            else:
                transaction, high, recent = line.rstrip("\n").split(",")
                found[transaction] = (high == "true", int(recent) if int(recent) >= 5 else 0)
    return found


def check_alerts(peers):
    """Stops with the first difference. The quick ways count to five only, and plain Python sees the first million."""
    truth = alerts_of(next(peer for peer in peers if peer.name == "bank, seed rules"))
    for peer in peers:
        if peer.alerts is None:
            continue
        found, expected = alerts_of(peer), truth
        if peer.name in ("duckdb_lag", "polars_shift"):
            expected = {transaction: (high, min(recent, 5)) for transaction, (high, recent) in truth.items()}
        if peer.name == "plain_python":
            with open(peer.command[2], encoding="utf-8") as lines:
                ids = {json.loads(line)["transaction_id"] for line in lines}
            expected = {transaction: alert for transaction, alert in truth.items() if transaction in ids}
        if found != expected:
            differing = [key for key in expected.keys() | found.keys() if found.get(key) != expected.get(key)]
            example = min(differing)
            raise SystemExit(f"{peer.name} differs on {len(differing)} transactions, such as {example}: "
                             f"{found.get(example)}, and bank says {expected.get(example)}")
    count = sum(high + (recent >= 5) for high, recent in truth.values())
    print(f"All find the same {count:,} alerts of the two seed rules.")


def print_table(peers, results):
    def median(peer, field):
        return statistics.median(getattr(run, field) for run in results[peer.name])

    rate = {peer.name: peer.lines / median(peer, "wall_s") for peer in peers}
    bank = "bank, seed rules"
    print("\n| | s (least–most) | million txn/s | bank is × | CPU s | peak MiB |\n|---|---|---|---|---|---|")
    for peer in peers:
        walls = [run.wall_s for run in results[peer.name]]
        print(f"| {peer.name} | {statistics.median(walls):.2f} ({min(walls):.2f}–{max(walls):.2f}) | {rate[peer.name] / 1e6:.2f} "
              f"| {rate[bank] / rate[peer.name]:.2f} | {median(peer, 'cpu_s'):.2f} | {median(peer, 'rss_mib'):.0f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", type=pathlib.Path, required=True)
    parser.add_argument("--lines", type=int, default=5_000_000)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", nargs="+", default=[], help="peers whose name begins so; alerts are then not compared")
    options = parser.parse_args()
    folder = ROOT / "build/bench-peers"
    inputs = make_inputs(options.bank.resolve(), folder, options.lines, options.accounts)
    peers = make_peers(options.bank.resolve(), folder, inputs, *make_tools(folder), options.lines)
    if options.only:
        peers = [peer for peer in peers if peer.name.startswith(tuple(options.only + ["bank, seed rules"]))]
    results = collections.defaultdict(list)
    for number in range(options.runs + 1):  # the first is to warm the file's pages and is not counted
        print(f"Run {number} of {options.runs}…" if number else "Warming up…", flush=True)
        for peer in peers:
            run = measure(peer.command)
            if number:
                results[peer.name].append(run)
    if not options.only:
        check_alerts(peers)
    print(f"{options.lines:,} transactions, {inputs[0].stat().st_size / 1e9:.2f} GB, {options.accounts:,} accounts, "
          f"{os.cpu_count()} cores, medians of {options.runs} runs, warm cache.")
    print_table(peers, results)


if __name__ == "__main__":
    main()

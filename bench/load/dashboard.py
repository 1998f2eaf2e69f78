#!/usr/bin/env python3
"""How much the dashboard takes: decisions over HTTP, in batches and one by one, and events in while browsers listen.

    bench/load/dashboard.py --bank build/release/bin/bank [--seconds 10] [--clients 0 100 500]

Wants wrk (the distribution's package) and g++. The dashboard runs on one core (taskset), what asks it on the others. Its own store
(SQLite, a new file for each part) is written as always. Prints a table for each part. Nothing else should run meanwhile.
"""

import argparse
import asyncio
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests/system"))


class Run:
    """A dashboard on cores of its own, with a token for decisions."""

    def __init__(self, options, *flags):
        os.environ["BANK"] = str(options.wrapper)
        from dashboard_client import Dashboard, User
        self.dashboard = Dashboard(*flags)
        self.admin = User(self.dashboard, "admin")
        made = self.admin.call("POST", "/api/v1/tokens", {"name": "load", "scopes": ["decide", "read"]})
        assert made.status == 201, made
        self.token = made.json["token"]
        self.port = self.dashboard.port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.dashboard.stop()

    def metric(self, name):
        text = self.dashboard.raw("GET", "/metrics").body
        return float(re.search(rf"^{name} (\S+)$", text, re.M).group(1))

    def cpu(self):
        return self.metric("process_cpu_seconds_total")

    def wait_for(self, transactions, seconds=120):
        deadline = time.time() + seconds
        while self.metric("bank_transactions_total") < transactions:
            assert time.time() < deadline, "the store does not catch up"
            time.sleep(0.02)
        return time.time()


def batches(options):
    print(f"Decisions in batches, {options.seconds} s each, by wrk on two connections; the dashboard on core {options.cores}\n")
    print("| a batch | decisions/s | until all are in the store, decisions/s | refused: the store is behind | request p50 ms | p99 ms | CPU µs a decision | of it judging µs |")
    print("|---|---|---|---|---|---|---|---|")
    for size in (10, 100, 500):
        with Run(options) as run:
            begun, cpu = time.time(), run.cpu()
            out = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", "-c2", f"-d{options.seconds}s", "-s", str(HERE / "batches.lua"),
                                  f"http://127.0.0.1:{run.port}", "--", run.token, str(size), str(size)], capture_output=True, text=True, check=True).stdout
            result = json.loads(re.search(r"RESULT (.*)", out).group(1))
            assert result["errors"] == 0, out
            took = run.wait_for((result["requests"] - result["not_2xx"]) * size) - begun
            count = run.metric("bank_transactions_total")  # what was under way at the end, too
            judging = run.metric("bank_detect_duration_seconds_sum") / run.metric("bank_detect_duration_seconds_count")
            print(f"| {size} | {(result['requests'] - result['not_2xx']) * size / result['seconds']:,.0f} | {count / took:,.0f} | "
                  f"{result['not_2xx']} | {result['p50_ms']:.1f} | {result['p99_ms']:.1f} | {(run.cpu() - cpu) / count * 1e6:.1f} | {judging * 1e6:.1f} |", flush=True)


def singles(options):
    print(f"\nSingle decisions at a fixed rate, {options.seconds} s each, from the time they were due; 32 connections; the dashboard on core {options.cores}\n")
    print("| a second | p50 ms | p90 ms | p99 ms | p99.9 ms | longest ms |")
    print("|---|---|---|---|---|---|")
    paced = pathlib.Path(options.folder) / "paced"
    subprocess.run(["g++", "-std=c++23", "-O2", "-o", str(paced), str(HERE / "paced.cpp"), "-pthread"], check=True)
    for rate in (500, 2000, 4000):
        with Run(options) as run:
            out = subprocess.run(["taskset", "-c", "1", str(paced), str(run.port), run.token, str(rate), str(options.seconds), "32", str(rate)],
                                 capture_output=True, text=True, check=True).stdout
            result = json.loads(out)
            assert result["failed"] == 0, out
            print(f"| {result['per_s']:,.0f} | {result['p50_ms']:.2f} | {result['p90_ms']:.2f} | {result['p99_ms']:.2f} | {result['p999_ms']:.2f} | "
                  f"{result['max_ms']:.1f} |", flush=True)


async def listen(port, headers, count, stop, received):
    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 22)
        lines = ["GET /api/v1/events HTTP/1.1", f"Host: 127.0.0.1:{port}", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        await writer.drain()
        received["listening"] += 1
        while not stop.is_set():
            try:
                block = await asyncio.wait_for(reader.read(1 << 16), 0.5)
            except asyncio.TimeoutError:
                continue
            if not block:
                return
            received["bytes"] += len(block)
        writer.close()

    await asyncio.gather(*(one() for _ in range(count)))


def events(options):
    print(f"\nEvents in: {options.records:,} judged transactions in files, taken in while browsers listen; the dashboard on core {options.cores}\n")
    print("| browsers | transactions/s | CPU µs a transaction | MB/s to the browsers | events dropped |")
    print("|---|---|---|---|---|")
    folder = pathlib.Path(options.folder)
    source, processed, alerts = folder / "transactions.json", folder / "processed.json", folder / "alerts.json"
    bank = str(options.bank)
    subprocess.run([bank, "generate", "-q", "--count", str(options.records), "--output", str(source)], check=True)
    subprocess.run([bank, "detect", "-q", "--file", str(source), "--output", str(alerts), "--processed", str(processed)], check=True)
    for clients in options.clients:
        with tempfile.TemporaryDirectory() as place:
            followed = pathlib.Path(place) / "processed.json", pathlib.Path(place) / "alerts.json"
            for path in followed:
                path.touch()
            with Run(options, "--processed", str(followed[0]), "--alerts", str(followed[1])) as run:
                asyncio.run(feed(options, run, clients, (processed, alerts), followed))


async def feed(options, run, clients, files, followed):
    stop, received = asyncio.Event(), {"listening": 0, "bytes": 0}
    listeners = asyncio.create_task(listen(run.port, run.admin.headers, clients, stop, received))
    while received["listening"] < clients:
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    cpu, bytes_before, begun = run.cpu(), received["bytes"], time.time()
    for source, path in zip(reversed(files), reversed(followed)):
        with open(path, "ab") as out:
            out.write(source.read_bytes())
    while await asyncio.to_thread(run.metric, "bank_transactions_total") < options.records:
        await asyncio.sleep(0.05)
    took, spent = time.time() - begun, run.cpu() - cpu
    print(f"| {clients} | {options.records / took:,.0f} | {spent / options.records * 1e6:.1f} | {(received['bytes'] - bytes_before) / took / 1e6:.2f} | "
          f"{run.metric('bank_events_dropped_total'):.0f} |", flush=True)
    stop.set()
    await listeners


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", required=True, type=pathlib.Path)
    parser.add_argument("--cores", default="0", help="the dashboard's, as taskset has them [0]; what asks it is on core 1")
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--clients", type=int, nargs="+", default=[0, 100, 500])
    parser.add_argument("--only", choices=("batches", "singles", "events"), nargs="+", default=["batches", "singles", "events"])
    options = parser.parse_args()
    options.bank = options.bank.resolve()
    with tempfile.TemporaryDirectory() as folder:
        options.folder = folder
        options.wrapper = pathlib.Path(folder) / "bank"
        options.wrapper.write_text(f"#!/bin/sh\nexec taskset -c {options.cores} {options.bank} \"$@\"\n")
        options.wrapper.chmod(0o755)
        for part in options.only:
            {"batches": batches, "singles": singles, "events": events}[part](options)


if __name__ == "__main__":
    main()

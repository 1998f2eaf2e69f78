#!/usr/bin/env python3
"""Random rules and random streams through `bank detect` and the oracle: every byte of what they write must be equal.

  differential.py --bank build/release/bin/bank [--seconds 60] [--cases N] [--seed S] [--busy SHARE] [--keep FOLDER]

Case n of a seed is always the same. A case that differs is made small (rules and records are left out as long as it
still differs) and kept as a folder of the golden corpus's layout, with what `bank` wrote beside what was expected.
"""

import argparse
import json
import os
import pathlib
import random
import shlex
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "oracle"), str(HERE.parent / "golden")]

import oracle  # noqa: E402
import random_rules  # noqa: E402
import random_stream  # noqa: E402
import run as golden  # noqa: E402
from expressions import duration_us  # noqa: E402

LATENESS = ("1h", "1h", "1h", "0s", "30s", "10m")
SHRINK_SECONDS = 60


class Case:
    """An input as its records, the first of which is the header in CSV, and a rules file as its rules."""

    def __init__(self, layout, line_end, records, head, rules, settings, threads):
        self.layout = layout  # "jsonl", "json" (an array) or "csv"
        self.line_end = line_end
        self.records = records
        self.head = head
        self.rules = rules
        self.settings = settings
        self.threads = threads

    def copy(self, records=None, rules=None, settings=None, threads=None):
        return Case(self.layout, self.line_end, self.records if records is None else records, self.head,
                    self.rules if rules is None else rules, self.settings if settings is None else settings,
                    self.threads if threads is None else threads)

    def input(self):
        if self.layout == "json":
            return b"[\n" + b",\n".join(self.records) + b"\n]\n"
        return b"".join(record + self.line_end for record in self.records)

    def write(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"transactions.{self.layout}").write_bytes(self.input())
        (folder / "rules.yaml").write_text(self.head + "".join(self.rules), encoding="utf-8")
        if self.settings:
            (folder / "settings.json").write_text(json.dumps(self.settings) + "\n", encoding="utf-8")


def make_case(seed, number, busy_share):
    rng = random.Random(f"{seed}/{number}")
    busy = rng.random() < busy_share
    shape = random_stream.Shape(rng, busy)
    records = random_stream.random_records(rng, shape)
    layout = rng.choice(("jsonl", "jsonl", "jsonl", "jsonl", "csv", "json"))
    make = {"jsonl": random_stream.json_lines, "json": random_stream.json_array, "csv": random_stream.csv_rows}[layout]
    lines = make(rng, records, shape)
    head, rules = random_rules.random_rules(rng, 2 if busy else 8, 1 if busy else 3)
    settings = {}
    if (lateness := rng.choice(LATENESS)) != "1h":
        settings["detect.lateness"] = lateness
    if rng.random() < 0.2:
        settings["decision.review_threshold"] = rng.choice((0, 10, 30))
        settings["decision.block_threshold"] = rng.choice((30, 60, 101))
    line_end = rng.choice((b"\n", b"\n", b"\n", b"\r\n"))
    return Case(layout, line_end, lines, head, rules, settings, rng.choice((1, 2, 3)))


class Comparison:
    def __init__(self, bank):
        self.bank = str(pathlib.Path(bank).resolve())

    def oracle(self, folder, settings):
        before = os.getcwd()
        os.chdir(folder)  # so that `source` names the file as it is named there
        try:
            alerts, processed, rejected, _ = oracle.detect(
                "rules.yaml", [golden.input_of(folder).name], duration_us(settings.get("detect.lateness", "1h")),
                settings.get("decision.review_threshold", 50), settings.get("decision.block_threshold", 80))
        finally:
            os.chdir(before)
        return {"output": alerts, "processed": processed, "rejected": rejected}

    def run(self, case, folder):
        """(expected, found): the outputs of both; `found` is a text where bank did not do its work."""
        case.write(folder)
        words = [word.replace("{bank}", self.bank) for word in shlex.split(golden.DETECT)]
        expected = self.oracle(folder, case.settings)
        try:
            return expected, golden.run(words + ["--threads", str(case.threads)], folder, case.settings)
        except golden.Failure as failure:
            return expected, str(failure)

    def differs(self, case):
        with tempfile.TemporaryDirectory() as folder:
            expected, found = self.run(case, pathlib.Path(folder) / "case")
        return expected != found


def halves(items, fixed, still_fails):
    """Leaves out as many items as it can, those before `fixed` never, ever smaller pieces at a time."""
    size = max(1, (len(items) - fixed) // 2)
    while True:
        at = fixed
        while at < len(items):
            fewer = items[:at] + items[at + size:]
            if still_fails(fewer):
                items = fewer
            else:
                at += size
        if size == 1:
            return items
        size = max(1, size // 2)


def shrink(case, differs, deadline):
    def tried(smaller):
        return time.monotonic() < deadline and differs(smaller)

    header = 1 if case.layout == "csv" else 0
    if tried(case.copy(threads=1)):
        case = case.copy(threads=1)
    for key in list(case.settings):
        fewer = case.copy(settings={k: v for k, v in case.settings.items() if k != key})
        if tried(fewer):
            case = fewer
    for _ in range(2):
        case = case.copy(rules=halves(case.rules, 0, lambda rules: bool(rules) and tried(case.copy(rules=rules))))
        case = case.copy(records=halves(case.records, header, lambda records: tried(case.copy(records=records))))
    return case


def keep(case, comparison, folder):
    """Writes the case, what was expected and what came; gives a readable diff."""
    expected, found = comparison.run(case, folder)
    for output, name in golden.OUTPUTS.items():
        (folder / name).write_bytes(expected[output].encode())
        if isinstance(found, dict):
            (folder / name.replace("expected", "found")).write_bytes(found[output].encode())
    return found if isinstance(found, str) else golden.difference(folder, found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", default=os.environ.get("BANK"))
    parser.add_argument("--seed", help="default: a fresh one")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--cases", type=int, help="so many, however long it takes")
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--busy", type=float, default=0.04, help="share of cases with thousands of records an account")
    parser.add_argument("--failures", type=int, default=1, help="stop after so many")
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path(tempfile.gettempdir()) / "bank-differential")
    options = parser.parse_args()
    if not options.bank:
        sys.exit("differential.py: name the program with --bank or in BANK")
    seed = options.seed or str(random.SystemRandom().randrange(10**9))
    comparison = Comparison(options.bank)
    start = time.monotonic()
    print(f"seed {seed}", flush=True)

    records = alerts = failures = 0
    number = options.first
    while options.cases is not None and number < options.first + options.cases or \
            options.cases is None and time.monotonic() - start < options.seconds:
        case = make_case(seed, number, options.busy)
        with tempfile.TemporaryDirectory() as folder:
            expected, found = comparison.run(case, pathlib.Path(folder) / "case")
        records += len(case.records)
        alerts += expected["output"].count("\n")
        if expected != found:
            failures += 1
            small = shrink(case, comparison.differs, time.monotonic() + SHRINK_SECONDS)
            folder = options.keep / f"{seed}-{number}"
            print(f"FAILED: --seed {seed} --first {number} --cases 1 --busy {options.busy}\n"
                  f"kept in {folder}, with {len(small.rules)} rules and {len(small.records)} records, "
                  f"{small.threads} threads\n{keep(small, comparison, folder)}\n", flush=True)
        number += 1
        if failures >= options.failures:
            break
    print(f"{number - options.first} cases, {records} records, {alerts} alerts, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Runs the golden corpus through a runtime and compares every byte of what it writes.

  run.py --bank build/release/bin/bank      the program (or BANK in the environment), with 1 thread and with 3
  run.py --oracle                           the oracle
  run.py --command 'RUNTIME --in {file} --rules {rules} --alerts {output} --processed {processed} --rejected {rejected}'
                                            any other runtime; {bank} stands for the program
  run.py … CASE…                            only these cases
  run.py --oracle --accept CASE…            takes what the oracle says as expected; read it before you commit it

A case's layout: README.md beside this file.
"""

import argparse
import difflib
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ORACLE = HERE.parent / "oracle" / "oracle.py"
OUTPUTS = {"output": "expected_alerts.jsonl", "processed": "expected_processed.jsonl",
           "rejected": "expected_rejected.jsonl"}
DETECT = "{bank} detect --file {file} --rules {rules} --output {output} --processed {processed} --rejected {rejected}"
ORACLE_COMMAND = (f"{shlex.quote(sys.executable)} -B {shlex.quote(str(ORACLE))} --file {{file}} --rules {{rules}} "
                  "--output {output} --processed {processed} --rejected {rejected}")
ORACLE_FLAGS = {"detect.lateness": "--lateness", "detect.map": "--map", "decision.review_threshold": "--review",
                "decision.block_threshold": "--block"}
# Cannot stand within a JSON string, whose quotes are escaped.
DETECTED_AT = re.compile(r', "detected_at": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"')
TIMEOUT_S = 60


class Failure(Exception):
    """A runtime that did not do its work at all."""


def settings_of(case):
    path = case / "settings.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def input_of(case):
    return next(path for path in sorted(case.iterdir()) if path.stem == "transactions")


def run(command, case, settings, oracle=False):
    """What the runtime writes for the case: a text for each output."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        source = input_of(case)
        for path in (source, case / "rules.yaml"):
            shutil.copy(path, folder)
        names = {"file": source.name, "rules": "rules.yaml", **{output: f"{output}.jsonl" for output in OUTPUTS}}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("BANK_")}
        words = [word.format_map(names) for word in command]
        if oracle:
            words += [word for key, value in settings.items() for word in (ORACLE_FLAGS[key], str(value))]
        else:
            environment |= {"BANK_" + key.upper().replace(".", "_"): str(value) for key, value in settings.items()}
        try:
            done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise Failure(f"still running after {TIMEOUT_S} s") from None
        if done.returncode != 0:
            raise Failure(f"exit code {done.returncode}: {done.stderr.decode(errors='replace').strip()}")
        found = {output: folder / names[output] for output in OUTPUTS}
        texts = {output: path.read_bytes().decode("utf-8") if path.exists() else "" for output, path in found.items()}
    if not oracle:
        texts["output"] = without_detected_at(texts["output"])
    return texts


def without_detected_at(alerts):
    lines = alerts.splitlines(keepends=True)
    stripped = [DETECTED_AT.sub("", line) for line in lines]
    for line, rest in zip(lines, stripped):
        if line == rest:
            raise Failure(f"an alert without detected_at: {line.strip()}")
    return "".join(stripped)


def difference(case, texts):
    """A readable diff; empty where all is as expected."""
    found = []
    for output, name in OUTPUTS.items():
        expected = (case / name).read_bytes().decode("utf-8")
        if texts[output] != expected:
            found += difflib.unified_diff(expected.split("\n"), texts[output].split("\n"), f"{case.name}/{name}",
                                          "what came", lineterm="", n=1)
    return "\n".join(found)


def commands(options):
    """(name, words, whether it is the oracle)."""
    if options.oracle:
        return [("oracle", shlex.split(ORACLE_COMMAND), True)]
    bank = str(pathlib.Path(options.bank).resolve()) if options.bank else None
    if options.command:
        return [("command", [word.replace("{bank}", bank or "") for word in shlex.split(options.command)], False)]
    if not bank:
        sys.exit("run.py: name the program with --bank or in BANK, or give --oracle or --command")
    words = [word.replace("{bank}", bank) for word in shlex.split(DETECT)]
    return [(f"{threads} threads", words + ["--threads", str(threads)], False) for threads in (1, 3)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bank", default=os.environ.get("BANK"))
    parser.add_argument("--command")
    parser.add_argument("--oracle", action="store_true")
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("--corpus", type=pathlib.Path, default=HERE)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    options = parser.parse_args()
    corpus = sorted(path.parent for path in options.corpus.glob("*/rules.yaml"))
    if unknown := set(options.cases) - {case.name for case in corpus}:
        sys.exit(f"run.py: no such case: {', '.join(sorted(unknown))}")
    chosen = [case for case in corpus if not options.cases or case.name in options.cases]

    passed = failed = 0
    for name, words, oracle in commands(options):
        for case in chosen:
            try:
                texts = run(words, case, settings_of(case), oracle)
                if options.accept:
                    for output, file in OUTPUTS.items():
                        (case / file).write_bytes(texts[output].encode())
                problem = difference(case, texts)
            except Failure as failure:
                problem = str(failure)
            if problem:
                failed += 1
                print(f"FAILED {case.name} ({name})\n{problem}\n")
            else:
                passed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())

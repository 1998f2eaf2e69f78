#!/usr/bin/env python3
"""What `bank detect` should say, worked out the slow and plain way from docs/semantics.md.

  oracle.py --rules RULES --file FILE… [--lateness 1h] [--review 50] [--block 80]
            [--output FILE] [--processed FILE] [--rejected FILE] [--map FIELD=COLUMN,…]

Writes the alerts as JSON lines (to standard output, unless told otherwise), without `detected_at`. It shares no code
with the engine, and needs nothing but Python's standard library.
"""

import argparse
import base64
import json
import sys

from expressions import Mistake, Situation, amount_text, duration_us, reason_text
from records import FIELDS, MAX_RECORD_BYTES, Rejected, decode_csv, decode_json, split_csv_row
from rules_file import RulesMistake, load_rules

UTF8_BOM = b"\xef\xbb\xbf"
JSON_SPACE = b" \t\r\n"


class InputMistake(Exception):
    """An input that cannot be read at all."""


# --- files to records -------------------------------------------------------------------------------------------------

def read_records(path, columns):
    """(number of the line where it begins, bytes, transaction or Rejected) for each record of a file. Its name says how
    records stand in it: .csv with a header, .json perhaps as an array, else JSON lines."""
    with open(path, "rb") as file:
        content = file.read().removeprefix(UTF8_BOM)
    if path.endswith(".json") and content.lstrip(JSON_SPACE).startswith(b"["):
        rows, decode = json_array_elements(content), lambda record: decode_json(record, columns)
    elif path.endswith(".csv"):
        rows = csv_rows(content)
        if not rows:
            return
        header = split_csv_row(rows.pop(0)[1].decode("utf-8"))
        decode = lambda record: decode_csv(record, header, columns)  # noqa: E731
    else:
        rows, decode = enumerate(content.split(b"\n"), 1), lambda record: decode_json(record, columns)
    for number, record in rows:
        record = record.removesuffix(b"\r")  # a line may end as it does on Windows
        if not record.strip():
            continue
        try:
            yield number, record, decode(record)
        except Rejected as rejected:
            yield number, record, rejected


def csv_rows(content):
    """(line, bytes) of each row, without its newline."""
    rows = []
    position, line = 0, 1
    while position < len(content):
        end = csv_row_end(content, position)
        rows.append((line, content[position:end]))
        line += content.count(b"\n", position, end) + 1
        position = end + 1
    return [row for row in rows if row[1].strip()]


def csv_row_end(content, start):
    """The index of the newline that ends the row, or of the content's end. A newline in a quoted cell does not; where
    such a cell is never closed, or something other than a comma or a line break follows it, its quote was a mistake,
    and the row ends at its first newline."""
    first_newline = content.find(b"\n", start)
    if first_newline < 0:
        first_newline = len(content)
    position = start
    while True:
        if content[position:position + 1] == b'"':
            position += 1
            while True:
                quote = content.find(b'"', position)
                if quote < 0 or quote - start >= MAX_RECORD_BYTES:
                    return first_newline
                position = quote + 1
                if content[position:position + 1] != b'"':
                    break
                position += 1
            if content[position:position + 1] not in b",\r\n":
                return first_newline
        while position < len(content) and content[position:position + 1] not in b",\n":
            position += 1
        if content[position:position + 1] != b",":
            return position
        position += 1


def json_array_elements(content):
    """(line, bytes) of each element of a well-formed JSON array."""
    text = content.decode("utf-8")
    decoder = json.JSONDecoder(strict=False)
    position = text.index("[") + 1
    while True:
        while text[position:position + 1] and text[position] in " \t\r\n,":
            position += 1
        if text[position:position + 1] in ("]", ""):
            return
        try:
            _, end = decoder.raw_decode(text, position)
        except json.JSONDecodeError as error:
            raise InputMistake(f"this array is not read here: {error}") from None
        yield text.count("\n", 0, position) + 1, text[position:end].encode()
        position = end


# --- judging ----------------------------------------------------------------------------------------------------------

class Account:
    def __init__(self):
        self.history = []  # in arrival order
        self.newest = None


class Detector:
    def __init__(self, rule_set, lateness_us, review, block):
        self.rule_set = rule_set
        self.kept_us = rule_set.longest_window_us + lateness_us
        self.lateness_us = lateness_us
        self.review = review
        self.block = block
        self.accounts = {}
        self.resends = 0
        self.late = 0

    def judge(self, transaction):
        """(the rules that fired and their reasons, risk, decision), or None for a resend."""
        account = self.accounts.setdefault(transaction.account_number, Account())
        if any(entry.transaction_id == transaction.transaction_id for entry in account.history):
            self.resends += 1
            return None
        if account.newest is not None and transaction.time < account.newest - self.lateness_us:
            self.late += 1
        if account.newest is None or transaction.time > account.newest:
            account.newest = transaction.time
        edge = account.newest - self.kept_us
        account.history = [entry for entry in account.history if entry.time >= edge]

        situation = Situation(transaction, account.history)
        fired = [(rule, reason_text(rule.reason, situation))
                 for rule in self.rule_set.rules if rule.when.value(situation, transaction)]
        if transaction.time >= edge:
            account.history.append(transaction)

        risk = min(100, sum(rule.score for rule, _ in fired))
        decision = "BLOCK" if risk >= self.block else "REVIEW" if risk >= self.review else "APPROVE"
        return fired, risk, decision


# --- output -----------------------------------------------------------------------------------------------------------

class JsonNumber:
    def __init__(self, text):
        self.text = text


def json_line(members):
    values = ((key, value.text if isinstance(value, JsonNumber) else json.dumps(value, ensure_ascii=False))
              for key, value in members)
    return "{" + ", ".join(f'"{key}": {text}' for key, text in values) + "}\n"


def alert_line(transaction, rule, reason, version, source):
    return json_line([
        ("alert_id", f"{transaction.transaction_id}:{rule.id}"), ("alert_type", rule.id), ("severity", rule.severity),
        ("score", rule.score), ("reason", reason), ("transaction_id", transaction.transaction_id),
        ("account_number", transaction.account_number), ("amount", JsonNumber(amount_text(transaction.amount))),
        ("timestamp", transaction.timestamp), ("rules_version", version), ("source", source)])


def processed_line(transaction, fired, risk, decision):
    members = [(field, getattr(transaction, field)) for field in FIELDS]
    members[FIELDS.index("amount")] = ("amount", JsonNumber(amount_text(transaction.amount)))
    return json_line(members + [("risk", risk), ("decision", decision), ("rules", [rule.id for rule, _ in fired])])


def rejected_line(rejected, record, source):
    members = [("reason", rejected.reason)]
    if rejected.field:
        members.append(("field", rejected.field))
    members.append(("source", source))
    try:
        members.append(("record", record.decode("utf-8")))
    except UnicodeDecodeError:
        members.append(("record_base64", base64.b64encode(record).decode("ascii")))
    return json_line(members)


def detect(rules, files, lateness_us=3_600_000_000, review=50, block=80, columns=None):
    """The three outputs, each one text; and the detector, for its counts. `rules`: a path."""
    columns = {field: (columns or {}).get(field, field) for field in FIELDS}
    detector = Detector(load_rules(rules), lateness_us, review, block)
    alerts, processed, rejects = [], [], []
    for path in files:
        for number, record, outcome in read_records(path, columns):
            source = f"{path}:{number}"
            if isinstance(outcome, Rejected):
                rejects.append(rejected_line(outcome, record, source))
                continue
            judgement = detector.judge(outcome)
            if judgement is None:
                continue
            fired, risk, decision = judgement
            alerts += [alert_line(outcome, rule, reason, detector.rule_set.version, source) for rule, reason in fired]
            processed.append(processed_line(outcome, fired, risk, decision))
    return "".join(alerts), "".join(processed), "".join(rejects), detector


# --- command line -----------------------------------------------------------------------------------------------------

def parse_columns(spec):
    pairs = (pair.partition("=") for pair in spec.split(",")) if spec else ()
    return {field: column for field, _, column in pairs}


def write(path, text):
    if path == "-":
        sys.stdout.buffer.write(text.encode())
    elif path:
        with open(path, "wb") as file:
            file.write(text.encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", required=True)
    parser.add_argument("--file", required=True, nargs="+")
    parser.add_argument("--lateness", default="1h")
    parser.add_argument("--review", type=int, default=50)
    parser.add_argument("--block", type=int, default=80)
    parser.add_argument("--output", default="-")
    parser.add_argument("--processed")
    parser.add_argument("--rejected")
    parser.add_argument("--map", default="")
    options = parser.parse_args()
    try:
        alerts, processed, rejects, detector = detect(options.rules, options.file, duration_us(options.lateness),
                                                      options.review, options.block, parse_columns(options.map))
    except (Mistake, RulesMistake, InputMistake, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    write(options.output, alerts)
    write(options.processed, processed)
    write(options.rejected, rejects)
    print(f"{detector.resends} resends, {detector.late} late", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

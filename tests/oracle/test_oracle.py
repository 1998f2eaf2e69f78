"""The oracle against docs/semantics.md, sentence by sentence; every expected value here is worked out by hand."""

import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from expressions import Mistake, parse_expression, parse_reason, value_text  # noqa: E402
from oracle import detect  # noqa: E402
from records import Rejected, decode_csv, decode_json, parse_amount, parse_timestamp, FIELDS  # noqa: E402
from rules_file import RuleSet, RulesMistake, load_yaml  # noqa: E402

SECOND = 1_000_000
COLUMNS = {field: field for field in FIELDS}


def record(number=1, time="2026-01-01 00:00:00", amount=1, **fields):
    """A valid record; `fields` change it."""
    return {"transaction_id": f"T{number}", "account_number": "A", "transaction_type": "PAYMENT", "amount": amount,
            "timestamp": time, **fields}


def at(seconds):
    """A timestamp so many seconds (at most 6 decimals) after midnight of 1 January 2026."""
    whole, _, fraction = f"{seconds:.6f}".partition(".")
    day, rest = divmod(int(whole), 86400)
    return f"2026-01-{day + 1:02d} {rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}.{fraction}"


def run_lines(lines, rules, suffix=".jsonl", **options):
    """(alerts, processed, rejected) as lists of parsed lines. `rules`: (when, reason) pairs or a file's text."""
    if not isinstance(rules, str):
        rules = "version: 1\n" + options.pop("head", "") + "rules:\n" + "".join(
            f"  - id: R{number}\n    severity: LOW\n    score: 10\n    when: {json.dumps(when)}\n"
            f"    reason: {json.dumps(reason)}\n" for number, (when, reason) in enumerate(rules, 1))
    with tempfile.TemporaryDirectory() as folder:
        rules_path, path = os.path.join(folder, "rules.yaml"), os.path.join(folder, "transactions" + suffix)
        with open(rules_path, "w", encoding="utf-8") as file:
            file.write(rules)
        with open(path, "wb") as file:
            file.write(b"".join(line if isinstance(line, bytes) else line.encode() for line in lines))
        alerts, processed, rejects, detector = detect(rules_path, [path], **options)
    return ([json.loads(line) for line in alerts.splitlines()], [json.loads(line) for line in processed.splitlines()],
            [json.loads(line) for line in rejects.splitlines()], detector)


def reasons(records, *expressions, **options):
    """For each record the values of the expressions, as they print."""
    reason = "|".join("{" + expression + "}" for expression in expressions)
    lines = [json.dumps(one) + "\n" for one in records]
    alerts, _, rejects, _ = run_lines(lines, [("amount >= 0", reason)], **options)
    assert not rejects, rejects
    return [alert["reason"] for alert in alerts]


class AmountTest(unittest.TestCase):
    def test_exact_to_four_decimals(self):
        self.assertEqual(parse_amount("99999999999999.9999"), 999999999999999999)
        self.assertEqual(parse_amount("0.0001"), 1)
        self.assertEqual(parse_amount("-0"), 0)
        self.assertEqual(parse_amount("1.50000"), 15000)
        self.assertEqual(parse_amount("15e-1"), 15000)
        self.assertEqual(parse_amount("0e999999999999999999999"), 0)

    def test_refusals(self):
        for text, reason in [("-1", "amount_negative"), ("-0.00001", "amount_negative"), ("1e14", "amount_too_large"),
                             ("1e400", "amount_too_large"), ("9223372036854775808", "amount_too_large"),
                             ("1.00005", "amount_too_precise"), ("1e-999999999999999999999", "amount_too_precise"),
                             ("+1", "bad_amount_syntax"), ("01", "bad_amount_syntax"), ("1.", "bad_amount_syntax"),
                             ("NaN", "bad_amount_syntax"), ("", "bad_amount_syntax")]:
            with self.subTest(text), self.assertRaises(Rejected) as caught:
                parse_amount(text)
            self.assertEqual(caught.exception.reason, reason, text)


class TimestampTest(unittest.TestCase):
    def test_both_spellings(self):
        self.assertEqual(parse_timestamp("1970-01-01 00:00:01.5"), (1_500_000, 0, 4))
        self.assertEqual(parse_timestamp("1970-01-01T02:00:00+02:00"), (0, 0, 4))
        self.assertEqual(parse_timestamp("1970-01-01 00:00:00Z"), (0, 0, 4))
        self.assertEqual(parse_timestamp("1970-01-01t00:00:00z"), (0, 0, 4))
        self.assertEqual(parse_timestamp("1969-12-31 23:59:59.999999"), (-1, 23, 3))
        self.assertEqual(parse_timestamp("1970-01-01 00:00:00.123456999"), (123_456, 0, 4))

    def test_hour_and_weekday_are_those_of_utc(self):
        # 1 January 2026 was a Thursday.
        self.assertEqual(parse_timestamp("2026-01-01T00:30:00+01:00")[1:], (23, 3))
        self.assertEqual(parse_timestamp("2026-01-04 12:00:00")[1:], (12, 7))

    def test_refusals(self):
        for text in ["2026-02-30 00:00:00", "0000-01-01 00:00:00", "99999-01-01 00:00:00", "2026-01-01T00:00:00",
                     "2026-01-01 24:00:00", "2026-01-01 00:00:60", "2026-01-01 00:00:00.1234567890", "",
                     "2026-01-01t00:00:00", "2026-01-01 00:00:00+24:00", "0001-01-01T00:00:00+00:01",
                     "9999-12-31T23:59:59-00:01", "2026-01-01", "２026-01-01 00:00:00"]:
            with self.subTest(text), self.assertRaises(Rejected):
                parse_timestamp(text)


class RecordTest(unittest.TestCase):
    def reject(self, raw):
        raw = raw if isinstance(raw, bytes) else raw.encode()
        with self.assertRaises(Rejected) as caught:
            decode_json(raw, COLUMNS)
        return caught.exception.reason, caught.exception.field

    def changed(self, **fields):
        return json.dumps(record(**fields))

    def test_fields(self):
        one = decode_json(self.changed(location="L", status="FAILED", other=[1, {"a": [None]}]).encode(), COLUMNS)
        self.assertEqual((one.transaction_id, one.amount, one.location, one.merchant, one.status),
                         ("T1", 10000, "L", None, "FAILED"))

    def test_lengths_count_bytes(self):
        decode_json(self.changed(transaction_id="é" * 64).encode(), COLUMNS)
        self.assertEqual(self.reject(self.changed(transaction_id="é" * 64 + "x")), ("bad_length", "transaction_id"))
        self.assertEqual(self.reject(self.changed(account_number="x" * 65)), ("bad_length", "account_number"))
        self.assertEqual(self.reject(self.changed(transaction_type="x" * 33)), ("bad_length", "transaction_type"))
        self.assertEqual(self.reject(self.changed(account_number="")), ("bad_length", "account_number"))

    def test_required_and_types(self):
        for field in FIELDS[:5]:
            self.assertEqual(self.reject(self.changed(**{field: None})), ("missing_field", field))
        self.assertEqual(self.reject(self.changed(amount="12")), ("wrong_type", "amount"))
        self.assertEqual(self.reject(self.changed(amount=True)), ("wrong_type", "amount"))
        self.assertEqual(self.reject(self.changed(account_number=12)), ("wrong_type", "account_number"))
        self.assertEqual(self.reject(self.changed(merchant=["x"])), ("wrong_type", "merchant"))
        self.assertEqual(self.reject(self.changed(status="DONE")), ("bad_status", "status"))
        self.assertEqual(self.reject(self.changed(time="2026-02-30 00:00:00")), ("bad_timestamp", "timestamp"))

    def test_not_json(self):
        good = self.changed()
        for raw in [good[:-1], good + "x", good.replace("1,", "NaN,"), good.replace("1,", "01,"), "{,}", '{"a":1,}',
                    "{'a':1}", '{"a":"\\x"}', '{"a":"\\ud800"}', '{"a":"\t"}', '{"a" 1}', "[" * 100_000, '{"a":tru}',
                    "\ufeff" + good, '{"a":[1,]}', '{"a":[,1]}', '{"a":{"b"}}', "{", "nul"]:
            self.assertEqual(self.reject(raw), ("not_json", ""), raw[:40])

    def test_not_an_object(self):
        for raw in ["[]", "1", '"a"', "null", "true", "[" * 100_000 + "]" * 100_000, "[{}]"]:
            self.assertEqual(self.reject(raw), ("not_object", ""), raw[:40])

    def test_deep_nesting_in_an_unknown_field_is_nothing_special(self):
        deep = self.changed()[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}"
        self.assertEqual(decode_json(deep.encode(), COLUMNS).transaction_id, "T1")

    def test_repeated_keys(self):
        self.assertEqual(self.reject(self.changed()[:-1] + ', "amount": 1}'), ("duplicate_key", "amount"))
        self.assertEqual(self.reject(self.changed()[:-1] + ', "\\u0061mount": 1}'), ("duplicate_key", "amount"))
        self.assertEqual(self.reject(self.changed(x=1)[:-1] + ', "x": 2}'), ("duplicate_key", ""))

    def test_bytes(self):
        self.assertEqual(self.reject(self.changed().encode() + b"\xff"), ("not_utf8", ""))
        padded = self.changed().encode()
        padded += b" " * ((1 << 20) - len(padded))
        decode_json(padded, COLUMNS)
        self.assertEqual(self.reject(padded + b" "), ("too_long", ""))

    def test_escapes(self):
        one = decode_json(self.changed().replace('"A"', r'"\ud83d\ude00\n\/\u0000"').encode(), COLUMNS)
        self.assertEqual(one.account_number, "😀\n/\0")


class CsvTest(unittest.TestCase):
    header = ["transaction_id", "account_number", "transaction_type", "amount", "timestamp", "merchant"]

    def test_cells(self):
        one = decode_csv(b'T1,"a,""b""\nc",PAYMENT,1.5,2026-01-01 00:00:00,\r', self.header, COLUMNS)
        self.assertEqual((one.account_number, one.amount, one.merchant), ('a,"b"\nc', 15000, None))

    def test_refusals(self):
        for row, reason in [("T1,A,P,1,2026-01-01 00:00:00", "bad_csv"), ('T1,A"b,P,1,2026-01-01 00:00:00,', "bad_csv"),
                            ('T1,"A"b,P,1,2026-01-01 00:00:00,', "bad_csv"), (",A,P,1,x,", "missing_field"),
                            ("T1,A,P, 1,2026-01-01 00:00:00,", "bad_amount_syntax"),
                            ('T1,"",P,1,2026-01-01 00:00:00,', "missing_field")]:
            with self.subTest(row), self.assertRaises(Rejected) as caught:
                decode_csv(row.encode(), self.header, COLUMNS)
            self.assertEqual(caught.exception.reason, reason)

    def test_a_quote_that_is_never_closed_costs_one_row(self):
        lines = [",".join(self.header) + "\n", "T1,A,P,1,2026-01-01 00:00:00,x\n", 'T2,"A,P,1,2026-01-01 00:00:00,x\n',
                 '"T\n3",A,P,1,2026-01-01 00:00:00,x\n', "\n", "T4,A,P,1,2026-01-01 00:00:00,x"]
        _, processed, rejects, _ = run_lines(lines[:2] + lines[3:], [("amount < 0", "")], ".csv")
        self.assertEqual([one["transaction_id"] for one in processed], ["T1", "T\n3", "T4"])
        _, processed, rejects, _ = run_lines(lines[:3] + lines[5:], [("amount < 0", "")], ".csv")
        self.assertEqual([one["transaction_id"] for one in processed], ["T1", "T4"])
        self.assertEqual([(one["reason"], one["source"].split(":")[-1]) for one in rejects], [("bad_csv", "3")])


class HistoryTest(unittest.TestCase):
    def test_a_window_includes_both_ends(self):
        times = [at(0), at(300), at(300.000001)]
        self.assertEqual(reasons([record(n, time) for n, time in enumerate(times)], "count(5m)"), ["1", "2", "2"])

    def test_ties_count_only_what_has_arrived(self):
        self.assertEqual(reasons([record(n) for n in range(3)], "count(5m)"), ["1", "2", "3"])

    def test_entries_later_than_a_late_one_are_not_in_its_window(self):
        self.assertEqual(reasons([record(1, at(0)), record(2, at(100)), record(3, at(50))], "count(5m)"),
                         ["1", "2", "2"])

    def test_accounts_do_not_see_each_other(self):
        self.assertEqual(reasons([record(1), record(2, account_number="B"), record(3)], "count(5m)"), ["1", "1", "2"])

    def test_resends_are_counted_and_otherwise_ignored(self):
        lines = [json.dumps(one) + "\n" for one in [record(1), record(1, amount=9), record(2)]]
        alerts, processed, _, detector = run_lines(lines, [("count(5m) >= 1", "{sum(amount, 5m)}")])
        self.assertEqual([alert["reason"] for alert in alerts], ["1.00", "2.00"])
        self.assertEqual((len(processed), detector.resends), (2, 1))

    def test_an_id_is_known_as_long_as_the_history_holds_it(self):
        # W = 5 minutes, L = 1 hour: the entry at 0 stays while the newest is at most 3900 s.
        self.assertEqual(reasons([record(1, at(0)), record(2, at(3900)), record(1, at(3900))], "count(5m)"), ["1", "1"])
        # The check comes before newest advances: the history still holds it.
        self.assertEqual(reasons([record(1, at(0)), record(1, at(3900.000001))], "count(5m)"), ["1"])
        # Forgotten by the one before.
        self.assertEqual(reasons([record(1, at(0)), record(2, at(3900.000001)), record(1, at(3900.000001))],
                                 "count(5m)"), ["1", "1", "2"])

    def test_one_older_than_the_edge_is_judged_on_what_is_kept_and_does_not_join(self):
        times = [at(10_000), at(10_000 - 3900), at(10_000 - 3900.000001), at(10_000 - 3900 + 1)]
        self.assertEqual(reasons([record(n, time) for n, time in enumerate(times)], "count(5m)"), ["1", "1", "1", "2"])

    def test_late(self):
        times = [at(10_000), at(6400), at(6399.999999)]
        lines = [json.dumps(record(n, time)) + "\n" for n, time in enumerate(times)]
        self.assertEqual(run_lines(lines, [("count(5m) >= 9", "")])[3].late, 1)

    def test_history_widens_what_is_kept(self):
        lines = [json.dumps(one) + "\n" for one in [record(1, at(0)), record(2, at(7000)), record(1, at(7000))]]
        rules = [("count(5m) >= 1", "")]
        self.assertEqual(run_lines(lines, rules)[3].resends, 0)
        self.assertEqual(run_lines(lines, rules, head="history: 2h\n")[3].resends, 1)

    def test_lateness_is_an_option(self):
        lines = [json.dumps(one) + "\n" for one in [record(1, at(0)), record(2, at(400)), record(1, at(400))]]
        self.assertEqual(run_lines(lines, [("count(5m) >= 1", "")], lateness_us=99 * SECOND)[3].resends, 0)
        self.assertEqual(run_lines(lines, [("count(5m) >= 1", "")], lateness_us=100 * SECOND)[3].resends, 1)


class FunctionTest(unittest.TestCase):
    def test_aggregates(self):
        records = [record(1, at(0), 1), record(2, at(1), 2.5), record(3, at(2), 0.0001)]
        self.assertEqual(reasons(records, "sum(amount, 1m)", "min(amount, 1m)", "max(amount, 1m)", "avg(amount, 1m)"),
                         ["1.00|1.00|1.00|1.00", "3.50|1.00|2.50|1.75", "3.5001|0.0001|2.50|1.17"])

    def test_population_deviation(self):
        # 2 and 4: mean 3, each 1 away.
        self.assertEqual(reasons([record(1, at(0), 2), record(2, at(1), 4)], "stddev(amount, 1m)", "stddev(hour, 1m)"),
                         ["0.00|0", "1.00|0"])

    def test_of_nothing(self):
        self.assertEqual(reasons([record()], "prior.count(1m)", "prior.sum(amount, 1m)", "prior.avg(amount, 1m)",
                                 "prior.min(amount, 1m)", "prior.max(amount, 1m)", "prior.stddev(amount, 1m)",
                                 "prior.distinct(merchant, 1m)"), ["0|0.00|null|null|null|null|0"])

    def test_distinct_leaves_nulls_out(self):
        merchants = [None, "M", None, "N", "M"]
        self.assertEqual(reasons([record(n, merchant=m) for n, m in enumerate(merchants)], "distinct(merchant, 1m)"),
                         ["0", "1", "1", "2", "2"])

    def test_conditions_judge_entries_and_this_is_the_one_being_judged(self):
        records = [record(1, at(0), 5, merchant="M"), record(2, at(1), 5, merchant="N"),
                   record(3, at(2), 5, merchant="M"), record(4, at(3), 6, merchant=None)]
        self.assertEqual(reasons(records, "count(2m, merchant == this.merchant and amount == this.amount)"),
                         ["1", "1", "2", "0"])
        self.assertEqual(reasons(records, "sum(amount * 2, 2m, merchant == \"M\")", "prior.count(2m, amount > 5)"),
                         ["10.00|0", "10.00|0", "20.00|0", "20.00|0"])

    def test_last_and_since_last(self):
        records = [record(1, at(0), 1, merchant="M"), record(2, at(90.5), 2), record(3, at(90.5), 3),
                   record(4, at(60), 4)]
        self.assertEqual(reasons(records, "last.amount", "last.merchant", "since_last"),
                         ["null|null|null", "1.00|M|90.5", "2.00|null|0", "1.00|M|60"])

    def test_fields(self):
        one = record(1, "2026-01-01T00:30:00+01:00", location="L", merchant="M", status="PENDING")
        self.assertEqual(reasons([one], "account_number", "transaction_type", "amount", "location", "merchant",
                                 "status", "hour", "weekday"), ["A|PAYMENT|1.00|L|M|PENDING|23|3"])


class ExpressionTest(unittest.TestCase):
    def value(self, expression, **fields):
        return reasons([record(**fields)], expression)[0]

    def test_precedence(self):
        for expression, expected in [("1 + 2 * 3", "7"), ("(1 + 2) * 3", "9"), ("7 - 2 - 1", "4"), ("8 / 4 / 2", "1"),
                                     ("-2 * 3", "-6"), ("1 - -2", "3"), ("1 == 1 or 1 == 2 and 1 == 2", "true"),
                                     ("not 1 == 2 and 1 == 2", "false"), ("not (1 == 2 and 1 == 2)", "true"),
                                     ("1 + 1 < 2 * 2", "true"), ("true or false and false", "true"),
                                     ("not true", "false"), ("'\\u00e9\\t\\''", "é\t'")]:
            self.assertEqual(self.value(expression), expected, expression)

    def test_nulls(self):
        for expression, expected in [("merchant == null", "true"), ("null != merchant", "false"),
                                     ("merchant == location", "false"), ("merchant != location", "false"),
                                     ("merchant != \"M\"", "false"), ("not merchant == \"M\"", "true"),
                                     ("merchant in [\"M\"]", "false"), ("merchant not in [\"M\"]", "true"),
                                     ("merchant contains \"\"", "false"), ("last.amount + 1", "null"),
                                     ("-last.amount", "null"), ("1 / last.amount", "null"),
                                     ("last.amount < 5", "false"),
                                     ("amount / 0", "null"), ("amount / 0 == null", "true")]:
            self.assertEqual(self.value(expression), expected, expression)

    def test_lists_and_texts(self):
        for expression, expected in [("merchant in [\"M\", \"N\"]", "false"), ("merchant in [\"Maré\"]", "true"),
                                     ("amount in [2, 1.00]", "true"), ("amount not in [1]", "false"),
                                     ("merchant contains \"ar\"", "true"), ("merchant starts_with \"a\"", "false"),
                                     ("merchant ends_with \"é\"", "true"), ("merchant != 'Mar'", "true"),
                                     ("hour in [-1, 0]", "true")]:
            self.assertEqual(self.value(expression, merchant="Maré"), expected, expression)

    def test_exact_where_doubles_are_not(self):
        lines = ['{"transaction_id":"T1","account_number":"A","transaction_type":"P","amount":99999999999999.9998,'
                 '"timestamp":"2026-01-01 00:00:00"}\n']
        alerts = run_lines(lines, [("amount < 99999999999999.9999", "{amount + 0.0001} {amount} {amount * 1.5}")])[0]
        self.assertEqual(alerts[0]["reason"], "99999999999999.9999 99999999999999.9998 149999999999999.9997")

    def test_a_comparison_with_a_double_is_one_of_doubles(self):
        # 0.1 + 0.2 is exactly 0.3; as doubles 3/10 is what 0.3 becomes.
        self.assertEqual(self.value("0.1 + 0.2 == 0.3"), "true")
        self.assertEqual(self.value("3 / 10 == 0.3"), "true")
        self.assertEqual(self.value("1 / 10 + 2 / 10 == 0.3"), "false")

    def test_type_errors(self):
        for expression in ["amount > \"5\"", "merchant < \"M\"", "amount and amount", "not amount", "1 == 2 == 3",
                           "amont > 5", "count(5x) > 1", "sum(merchant, 5m) > 1", "count(5m, count(5m) > 1) > 1",
                           "count(5m, last.amount > 1) > 1", "this.amount > 1", "null == null", "-merchant", "f(1)",
                           "avg(avg(amount, 5m), 5m) > 1", "merchant in []", "(amount > 1", "amount > 1)", ""]:
            with self.subTest(expression), self.assertRaises(Mistake):
                parse_expression(expression)


class ReasonTest(unittest.TestCase):
    def value(self, expression, **fields):
        return reasons([record(**fields)], expression)[0]

    def test_money_and_numbers(self):
        for expression, expected in [("amount", "0.0625"), ("amount - 1", "-0.9375"), ("amount * 2", "0.125"),
                                     ("amount - amount", "0.00"), ("amount * 0.001", "0.0000625"),
                                     ("amount / 2", "0.03"), ("amount / amount", "1"), ("1 / 3", "0.3333"),
                                     ("0 - amount / 100", "-0.0006"), ("-amount / 100", "0.00"), ("2 / 3", "0.6667"),
                                     ("1.50", "1.5"), ("-3.0", "-3"), ("10 * 10", "100"), ("1 / 100000", "0"),
                                     ("-1 / 100000", "0"), ("amount * amount", "0.00390625"), ("\"x\"", "x"),
                                     ("1 == 1", "true"), ("merchant", "null"), ("100 / 1", "100")]:
            self.assertEqual(self.value(expression, amount=0.0625), expected, expression)

    def test_two_decimals_come_from_the_double_itself(self):
        self.assertEqual(value_text(parse_expression("amount / 1").type, 2.675), "2.67")
        self.assertEqual(value_text(parse_expression("amount / 1").type, 0.125), "0.12")

    def test_braces(self):
        self.assertEqual(parse_reason("{{a}} b\n\n"), ["{", "a", "}", " b"])
        alerts = run_lines([json.dumps(record(merchant="a}b")) + "\n"],
                           [("amount > 0", "{{{amount}}} {merchant == \"a}b\"} ${amount}")])[0]
        self.assertEqual(alerts[0]["reason"], "{1.00} true $1.00")
        for text in ["{", "}", "{amount", "{}"]:
            with self.subTest(text), self.assertRaises(Mistake):
                parse_reason(text)


class OutputTest(unittest.TestCase):
    rules = """version: 1
rules:
  - id: A
    severity: HIGH
    score: 30
    when: amount > 1
    reason: "over 1"
  - id: B
    severity: LOW
    score: 90
    when: amount > 2
    reason: 'it''s over 2'
  - id: C
    severity: CRITICAL
    score: 20
    when: amount == 2
    reason: two
"""

    def test_risk_is_capped_and_decides(self):
        lines = [json.dumps(record(n, amount=amount)) + "\n" for n, amount in enumerate([1, 1.5, 2, 3])]
        alerts, processed, _, _ = run_lines(lines, self.rules)
        self.assertEqual([(one["risk"], one["decision"], one["rules"]) for one in processed],
                         [(0, "APPROVE", []), (30, "APPROVE", ["A"]), (50, "REVIEW", ["A", "C"]),
                          (100, "BLOCK", ["A", "B"])])
        self.assertEqual([one["alert_id"] for one in alerts], ["T1:A", "T2:A", "T2:C", "T3:A", "T3:B"])
        processed = run_lines(lines, self.rules, review=51, block=101)[1]
        self.assertEqual([one["decision"] for one in processed], ["APPROVE", "APPROVE", "APPROVE", "REVIEW"])

    def test_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            path, rules = os.path.join(folder, "t.jsonl"), os.path.join(folder, "r.yaml")
            with open(rules, "w", encoding="utf-8") as file:
                file.write(self.rules)
            with open(path, "wb") as file:
                file.write(b'\xef\xbb\xbf{"transaction_id": "T\\u00e9\\u0001", "account_number": "A", '
                           b'"transaction_type":"P", "amount": 2e0, "timestamp": "2026-01-01T00:00:00Z"}\r\n'
                           b'\n \t\v\r\nnonsense\r\n\xff\n')
            alerts, processed, rejects, _ = detect(rules, [path])
        self.assertEqual(alerts.splitlines()[1],
                         '{"alert_id": "Té\\u0001:C", "alert_type": "C", "severity": "CRITICAL", "score": 20, '
                         '"reason": "two", "transaction_id": "Té\\u0001", "account_number": "A", "amount": 2.00, '
                         '"timestamp": "2026-01-01T00:00:00Z", "rules_version": "fb2785b2551c", '
                         f'"source": "{path}:1"}}')
        self.assertEqual(processed,
                         '{"transaction_id": "Té\\u0001", "account_number": "A", "transaction_type": "P", '
                         '"amount": 2.00, "timestamp": "2026-01-01T00:00:00Z", "location": null, "merchant": null, '
                         '"status": null, "risk": 50, "decision": "REVIEW", "rules": ["A", "C"]}\n')
        self.assertEqual(rejects,
                         f'{{"reason": "not_json", "source": "{path}:4", "record": "nonsense"}}\n'
                         f'{{"reason": "not_utf8", "source": "{path}:5", "record_base64": "/w=="}}\n')

    def test_an_array(self):
        text = "\n[" + ",\n ".join(json.dumps(record(n)) for n in range(3)) + "]\n"
        processed = run_lines([text], self.rules, ".json")[1]
        self.assertEqual([one["transaction_id"] for one in processed], ["T0", "T1", "T2"])


class YamlTest(unittest.TestCase):
    def test_values(self):
        self.assertEqual(load_yaml('# c\na: x  # c\nb: "y \\" # z"\nc: \'it\'\'s\'\nd: >-\n  one\n  two\ne: p\n  q\n'),
                         {"a": "x", "b": 'y " # z', "c": "it's", "d": "one two", "e": "p q"})
        self.assertEqual(load_yaml("l:\n- a: 1\n  b: 2\n- a: 3\nm:\n  - n: 4\n"),
                         {"l": [{"a": "1", "b": "2"}, {"a": "3"}], "m": [{"n": "4"}]})

    def test_mistakes(self):
        for text in ["a: 1\na: 2\n", "a\n", "a:\n   b: 2\n - c\n", "a: [1]\n", 'a: "x\n', "a: {b: 1}\n", "a: &x 1\n"]:
            with self.subTest(text), self.assertRaises(Mistake):
                load_yaml(text)

    def test_rule_files(self):
        good = OutputTest.rules
        RuleSet(good.encode())
        for text in ["version: 2\nrules: x\n", "version: 1\n", "", good + good[len("version: 1\n"):],
                     good.replace("id: B", "id: A"), good.replace("HIGH", "HUGE"),
                     good.replace("score: 30", "score: 101"), good.replace("score: 30", "scor: 1")]:
            with self.subTest(text), self.assertRaises((Mistake, RulesMistake)):
                RuleSet(text.encode())


if __name__ == "__main__":
    unittest.main()

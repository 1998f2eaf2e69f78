"""The default rules on generated data: they find each scenario at a useful rate, and none perfectly; they raise false alarms too. Data
whose labels one rule could read off, or no rule finds, would tell nothing about rules."""

import collections
import json
import os
import pathlib
import subprocess
import tempfile

BANK = os.environ["BANK"]
ROOT = pathlib.Path(__file__).resolve().parents[2]

# Share of a scenario's cases of which at least one transaction raises an alert: at least, and at most. What is below 0.5 is what no
# default rule is made for: cities hours apart, an account's long silence.
BANDS = {
    "card_testing": (0.35, 0.75),
    "account_takeover": (0.45, 0.80),
    "velocity_burst": (0.60, 0.92),
    "impossible_travel": (0.25, 0.65),
    "structuring": (0.70, 0.97),
    "repeat_charge": (0.65, 0.95),
    "dormant_wakeup": (0.15, 0.50),
}
PRECISION = (0.10, 0.50)  # Of all alerted transactions; with 1 % fraud, chance alone gives 0.01.


def lines(path):
    with open(path, encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def main():
    with tempfile.TemporaryDirectory() as folder:
        data, labels, alerts = (os.path.join(folder, name) for name in ("data.json", "labels.json", "alerts.json"))
        subprocess.run([BANK, "-q", "generate", "--count", "400000", "--accounts", "20000", "--seed", "42", "--output", data,
                        "--labels", labels], check=True)
        subprocess.run([BANK, "-q", "detect", "--file", data, "--output", alerts,
                        "--rules", str(ROOT / "config/rules/default.yaml")], check=True)
        truth = {label["transaction_id"]: label for label in lines(labels)}
        alerted = {alert["transaction_id"] for alert in lines(alerts)}

    cases = collections.defaultdict(dict)  # scenario → case → found
    transactions = collections.Counter()
    found_transactions = collections.Counter()
    for transaction, label in truth.items():
        scenario = label["scenario"]
        found = transaction in alerted
        transactions[scenario] += 1
        found_transactions[scenario] += found
        cases[scenario][label["case"]] = cases[scenario].get(label["case"], False) or found

    wrong = []

    def judge(what, value, band):
        if not band[0] <= value <= band[1]:
            wrong.append(f"{what}: {value:.2f} is not within {band[0]} and {band[1]}")

    print(f"{'scenario':<20}{'cases found':>16}{'transactions found':>22}")
    for scenario, band in BANDS.items():
        found, count = sum(cases[scenario].values()), len(cases[scenario])
        share = found / count if count else 0
        print(f"{scenario:<20}{found:>6}/{count:<4}{share:>5.2f}{found_transactions[scenario]:>14}/{transactions[scenario]}")
        judge(scenario, share, band)
    precision = len(alerted & truth.keys()) / max(1, len(alerted))
    print(f"precision {precision:.3f}: {len(alerted)} transactions alerted, {len(truth)} fraudulent")
    judge("precision", precision, PRECISION)
    for unknown in cases.keys() - BANDS.keys():
        wrong.append(f"{unknown}: a scenario without a band")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""The rules of config/rules/seed.yaml by docs/semantics.md. Resends are not looked for: there are none in what is compared."""

import datetime
import json

WINDOW = datetime.timedelta(minutes=5)
LATENESS = datetime.timedelta(hours=1)


class SeedRules:
    def __init__(self):
        self.histories = {}  # account → event times, as they arrived

    def alerts(self, value):
        """(account, alert as JSON) of each rule that a transaction, as JSON, sets off."""
        transaction = json.loads(value)
        account, time = transaction["account_number"], datetime.datetime.fromisoformat(transaction["timestamp"])
        history = self.histories.setdefault(account, [])
        edge = max(time, *history) - WINDOW - LATENESS if history else time - WINDOW - LATENESS
        history[:] = [each for each in history if each >= edge]
        recent = 1 + sum(time - WINDOW <= each <= time for each in history)
        if time >= edge:
            history.append(time)
        if transaction["amount"] > 5000:
            yield account, alert_of(transaction, "HIGH_AMOUNT", "HIGH", 40, f"Amount ${transaction['amount']} exceeds $5000")
        if recent >= 5:
            yield account, alert_of(transaction, "VELOCITY", "MEDIUM", 30, f"{recent} transactions in 5 minutes")


def alert_of(transaction, rule, severity, score, reason):
    return json.dumps({"alert_id": f"{transaction['transaction_id']}:{rule}", "alert_type": rule, "severity": severity, "score": score,
                       "reason": reason, "transaction_id": transaction["transaction_id"], "account_number": transaction["account_number"],
                       "amount": transaction["amount"], "timestamp": transaction["timestamp"],
                       "detected_at": datetime.datetime.now(datetime.timezone.utc).isoformat()})

"""The two seed rules in Python alone: json, and a deque of times for each account.

  plain_python.py INPUT OUTPUT
"""

import collections
import datetime
import json
import sys

WINDOW = datetime.timedelta(minutes=5)

histories = collections.defaultdict(collections.deque)
with open(sys.argv[1], encoding="utf-8") as lines, open(sys.argv[2], "w", encoding="utf-8") as output:
    for line in lines:
        transaction = json.loads(line)
        time = datetime.datetime.fromisoformat(transaction["timestamp"])
        history = histories[transaction["account_number"]]
        while history and history[0] < time - WINDOW:
            history.popleft()
        history.append(time)
        high = transaction["amount"] > 5000
        if high or len(history) >= 5:
            output.write(f"{transaction['transaction_id']},{'true' if high else 'false'},{len(history)}\n")

"""The two seed rules in DuckDB, the quick way: whether the fourth transaction before is less than five minutes old. It finds the
same transactions where times ascend, but can't say how many there were, which the alert's reason does.

  duckdb_lag.py INPUT OUTPUT
"""

import sys

import duckdb

duckdb.sql(
    f"""
    COPY (
      WITH lines AS (
        SELECT transaction_id, account_number, amount, timestamp, row_number() OVER () AS line
        FROM read_json('{sys.argv[1]}', format = 'newline_delimited',
          columns = {{transaction_id: 'VARCHAR', account_number: 'VARCHAR', amount: 'DOUBLE', timestamp: 'TIMESTAMP'}})),
      lagged AS (
        SELECT *, lag(timestamp, 4) OVER (PARTITION BY account_number ORDER BY line) >= timestamp - INTERVAL 5 MINUTE AS fast
        FROM lines)
      SELECT transaction_id, amount > 5000 AS high, CASE WHEN fast THEN 5 ELSE 0 END FROM lagged WHERE amount > 5000 OR fast
    ) TO '{sys.argv[2]}' (FORMAT csv, HEADER false)
    """
)

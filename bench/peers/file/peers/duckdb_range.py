"""The two seed rules in DuckDB: a RANGE window that counts.

RANGE counts rows with the same time that arrive later, which the contract does not. So the window is over one number that holds time and line
both, (seconds << 31) + line, and reaches back to line 0 of the second five minutes ago. One sort, exact counts.

  duckdb_range.py INPUT OUTPUT
"""

import sys

import duckdb

SECONDS = 300

duckdb.sql(
    f"""
    COPY (
      WITH lines AS (
        SELECT transaction_id, account_number, amount, timestamp, row_number() OVER () AS line
        FROM read_json('{sys.argv[1]}', format = 'newline_delimited',
          columns = {{transaction_id: 'VARCHAR', account_number: 'VARCHAR', amount: 'DOUBLE', timestamp: 'TIMESTAMP'}})),
      keyed AS (SELECT *, epoch(timestamp)::BIGINT * 2147483648 + line AS place FROM lines),
      counted AS (
        SELECT *, count(*) OVER (
          PARTITION BY account_number ORDER BY place
          RANGE BETWEEN ({SECONDS}::BIGINT * 2147483648 + line) PRECEDING AND CURRENT ROW) AS recent
        FROM keyed)
      SELECT transaction_id, amount > 5000 AS high, recent FROM counted WHERE amount > 5000 OR recent >= 5
    ) TO '{sys.argv[2]}' (FORMAT csv, HEADER false)
    """
)

"""The two seed rules in Polars, the quick way: whether the fourth transaction before is less than five minutes old. It finds the
same transactions where times ascend, but can't say how many there were, which the alert's reason does.

  polars_shift.py INPUT OUTPUT
"""

import sys

import polars as pl

SCHEMA = {"transaction_id": pl.String, "account_number": pl.String, "amount": pl.Float64, "timestamp": pl.String}

fast = pl.col("timestamp") - pl.col("timestamp").shift(4).over("account_number") <= pl.duration(minutes=5)
(
    pl.scan_ndjson(sys.argv[1], schema=SCHEMA)
    .with_columns(pl.col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"))
    .with_columns(high=pl.col("amount") > 5000, recent=pl.when(fast).then(5).otherwise(0))
    .filter(pl.col("high") | (pl.col("recent") >= 5))
    .select("transaction_id", "high", "recent")
    .collect()
    .write_csv(sys.argv[2], include_header=False)
)

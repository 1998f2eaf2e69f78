"""The two seed rules in Polars: a rolling count per account, less the rows of the same second that arrive later.

  polars_rolling.py INPUT OUTPUT
"""

import sys

import polars as pl

SCHEMA = {"transaction_id": pl.String, "account_number": pl.String, "amount": pl.Float64, "timestamp": pl.String}

lines = (
    pl.scan_ndjson(sys.argv[1], schema=SCHEMA)
    .with_columns(pl.col("timestamp").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us"))
    .collect()
    .sort("account_number", "timestamp", maintain_order=True)
)
recent = lines.rolling("timestamp", period="5m", closed="both", group_by="account_number").agg(pl.len().alias("recent"))["recent"]
later = (pl.len() - 1 - pl.int_range(pl.len())).over("account_number", "timestamp")
(
    lines.with_columns(recent.cast(pl.Int64))
    .with_columns(recent=pl.col("recent") - later, high=pl.col("amount") > 5000)
    .filter(pl.col("high") | (pl.col("recent") >= 5))
    .select("transaction_id", "high", "recent")
    .write_csv(sys.argv[2], include_header=False)
)

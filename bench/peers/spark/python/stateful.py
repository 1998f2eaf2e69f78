"""`stateful.py BROKER TOPIC RECORDS_PER_BATCH CHECKPOINT ALERTS_TOPIC`: the seed rules in PySpark, with a state of one's own for each
account (applyInPandasWithState), over all that a topic holds. Run by spark-submit, with bench/peers/kafka/python in PYTHONPATH."""

import array
import datetime
import json
import sys
import threading

import pandas
from pyspark.sql import SparkSession
from pyspark.sql.streaming import StreamingQueryListener
from pyspark.sql.streaming.state import GroupStateTimeout
from seed_rules import SeedRules

EPOCH = datetime.datetime(1970, 1, 1)
MICROSECOND = datetime.timedelta(microseconds=1)


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


class Listener(StreamingQueryListener):
    def __init__(self):
        self.terminated = threading.Event()

    def onQueryStarted(self, event):
        pass

    def onQueryProgress(self, event):
        told = event.progress
        if told.numInputRows > 0:
            tell("batch", epoch=told.batchId, rows=told.numInputRows, duration_ms=told.durationMs["triggerExecution"], durations=told.durationMs)

    def onQueryIdle(self, event):
        pass

    def onQueryTerminated(self, event):
        self.terminated.set()


def judge(key, frames, state):
    """The alerts of an account's records of a batch, in the order of their arrival."""
    rules = SeedRules()
    micros = array.array("q", state.get[0]) if state.exists else ()
    times = rules.histories[key[0]] = [EPOCH + datetime.timedelta(microseconds=each) for each in micros]
    records = pandas.concat(frames).sort_values("offset")
    alerts = [alert for value in records["value"] for alert in rules.alerts(value)]
    state.update((array.array("q", [(each - EPOCH) // MICROSECOND for each in times]).tobytes(),))
    yield pandas.DataFrame(alerts, columns=["key", "value"], dtype=str)


def main():
    broker, topic, per_batch, checkpoint, alerts_topic = sys.argv[1:]
    spark = SparkSession.builder.getOrCreate()
    listener = Listener()
    spark.streams.addListener(listener)
    tell("started")
    records = (
        spark.readStream.format("kafka")
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", per_batch)
        .option("kafka.bootstrap.servers", broker)
        .option("kafka.isolation.level", "read_committed")
        .load()
        .selectExpr("CAST(key AS STRING) AS account", "offset", "CAST(value AS STRING) AS value")
    )
    # Times as bytes: an array in the state's schema makes Spark 4.2's Python worker fail on that schema.
    alerts = records.groupBy("account").applyInPandasWithState(judge, "key STRING, value STRING", "times BINARY", "append",
                                                               GroupStateTimeout.NoTimeout)
    query = (
        alerts.writeStream.format("kafka")
        .outputMode("append")
        .option("kafka.bootstrap.servers", broker)
        .option("kafka.compression.type", "lz4")
        .option("topic", alerts_topic)
        .option("checkpointLocation", checkpoint)
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
    listener.terminated.wait()
    tell("ended")
    spark.stop()


if __name__ == "__main__":
    main()

"""What the tests of Spark's stream share: topics, a checkpoint and a job of one test, and the comparison with file mode.

    stage = SparkStage(broker, folder, "kills", partitions=4)
    stage.send(lines)
    stage.job().run()
    stage.check(self, lines)
"""

from kafka_detection import Stage
from spark_job import LOCAL, Job, stream


class SparkStage(Stage):
    """A Stage whose detector is Spark's job; its check() is that of Kafka mode."""

    def job(self, master=LOCAL, rules=None, spark=None, engine=None, **settings):
        """The job of this stage, not yet started. Each has the same checkpoint, unless `settings` say otherwise."""
        defaults = {"checkpoint": str(self.folder / "checkpoint"), "shards": 4, "max_per_batch": 20_000}
        own = stream(self.address, self.transactions, self.alerts, self.processed if self.with_processed else "", self.dead_letters)
        made = Job(self.folder, f"job-{len(self.detectors)}", rules or self.rules, master, engine=engine, spark=spark,
                   stream=own | defaults | settings)
        self.detectors.append(made)
        return made

    def clean_up(self):
        for job in self.detectors:
            job.kill()

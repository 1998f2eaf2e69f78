package bank.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FailuresTest {
  private static RuntimeException job(String executorsText) {
    return new RuntimeException("query [id = …] terminated with exception", new RuntimeException("Job aborted due to stage failure: " + executorsText));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "heap | Lost task 1.3: java.lang.OutOfMemoryError: Java heap space",
        "heap | ExecutorLostFailure (executor 1 exited caused by one of the running tasks) Reason: Command exited with code 52",
        "offsets_lost | java.lang.IllegalStateException: Some data may have been lost because they are not available in Kafka any more",
        "topic_missing | org.apache.kafka.common.errors.UnknownTopicOrPartitionException: This server does not host this topic-partition.",
        "checkpoint_damaged | bank.spark.StateException: piece 3 is damaged",
        "rules_invalid | bank.spark.RulesException: rules.yaml:3:5: unknown field",
        "kafka_unreachable | org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node assignment.",
        "master_unreachable | All masters are unresponsive! Giving up.",
        "cluster_lost | java.lang.IllegalStateException: Cannot call methods on a stopped SparkContext.",
        "heap | [INVALID_EXECUTOR_MEMORY] Executor memory 419430400 must be at least 471859200.",
        "other | java.lang.ArithmeticException: / by zero",
      })
  void itIsRecognisedInAnExecutorsText(String kind, String text) {
    assertEquals(kind, Failures.of(job(text)).kind());
  }

  @Test
  void aMessageOfSparksOrKafkasSaysWhatItIsAbout() {
    assertEquals("the checkpoint is damaged: piece 3 is damaged", Failures.of(job("bank.spark.StateException: piece 3 is damaged")).getMessage());
    String kafkas = Failures.of(new RuntimeException("x", new TimeoutException("y"))).getMessage();
    assertEquals("no answer from Kafka: org.apache.kafka.common.errors.TimeoutException: y", kafkas);
    String heap = Failures.of(new OutOfMemoryError("Java heap space")).getMessage();
    assertEquals("out of memory: java.lang.OutOfMemoryError: Java heap space", heap);
  }

  @Test
  void itIsRecognisedAsACause() {
    assertEquals("kafka_unreachable", Failures.of(new RuntimeException("x", new TimeoutException("y"))).kind());
    Failure own = new Failure("topic_missing", "there is no topic t", "create it");
    assertEquals(own, Failures.of(new RuntimeException(own)));
    assertEquals("rules.yaml:3:5: unknown field", Failures.of(new RulesException("rules.yaml:3:5: unknown field")).getMessage());
  }
}

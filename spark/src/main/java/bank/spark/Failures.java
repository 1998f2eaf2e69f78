package bank.spark;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Recognises what went wrong. An executor's exception comes to the driver as text, so all is looked for in the text of the
 * whole chain.
 */
final class Failures {
  /** {@code pattern}: its first group, where it has one, is the message; else that is the line it was found on. */
  private record Sign(Pattern pattern, String kind, String advice) {}

  private static final String HEAP = "heap";
  private static final String CLUSTER_LOST = "cluster_lost";
  /** What is put before a message that is Spark's or Kafka's own, and may not say so. */
  private static final Map<String, String> LEADS =
      Map.of(HEAP, "out of memory: ", "checkpoint_damaged", "the checkpoint is damaged: ", "kafka_unreachable", "no answer from Kafka: ");
  private static final List<Sign> SIGNS =
      List.of(
          sign("bank\\.spark\\.RulesException: (.*)", "rules_invalid", "mend the rules file"),
          sign("bank\\.spark\\.StateException: (.*)", "checkpoint_damaged", Advice.NEW_CHECKPOINT),
          sign(
              "OutOfMemoryError|INVALID_(?:DRIVER|EXECUTOR)_MEMORY|GC overhead limit|exited with code 52|exit(?:ed)? (?:code|status) 137|exceeding.* memory limits",
              HEAP,
              Advice.MORE_MEMORY),
          sign(
              "OffsetOutOfRange|KAFKA_DATA_LOSS|data may have been (?:lost|missed)|failOnDataLoss|PartitionOffsetChanged|offset was changed",
              "offsets_lost",
              "the topic no longer holds what comes next; its retention was too short for the time that this was stopped, or it was made anew. "
                  + Advice.NEW_CHECKPOINT),
          sign("UnknownTopicOrPartition|TopicMissing|does not host this topic-partition", "topic_missing", "create it: bank topics create"),
          sign(
              "All masters are unresponsive|Failed to connect to master",
              "master_unreachable",
              "is the cluster up? make cluster-status"),
          sign("java\\.nio\\.file\\.NoSuchFileException: (.*)", "input", "executors must find the files at the same place as the driver"),
          sign(
              "Master removed our application|methods on a stopped SparkContext|SparkContext was shut down",
              CLUSTER_LOST,
              "the master has ended the application, most often because its executors could not be started; the workers' logs say why"),
          sign(
              "CANNOT_LOAD_STATE_STORE|CANNOT_READ_(?:STATE|CHECKPOINT|DELTA|SNAPSHOT)|Incomplete log file|MALFORMED_(?:LOG|CHECKPOINT)"
                  + "|FileNotFoundException.*/state/|CHECKPOINT_FILE_CHECKSUM|Error reading delta file|StateStore.*(?:corrupt|does not exist)",
              "checkpoint_damaged",
              Advice.NEW_CHECKPOINT),
          sign(
              "org\\.apache\\.kafka\\.common\\.errors\\.(?:TimeoutException|DisconnectException|NetworkException|BrokerNotAvailable\\w+"
                  + "|CoordinatorNotAvailable\\w+|CoordinatorLoadInProgress\\w+|LeaderNotAvailable\\w+|NotLeader\\w+)"
                  + "|No resolvable bootstrap|Cannot fetch record .* in \\d+ milliseconds|Connection to node -?\\d+ .*could not be established",
              "kafka_unreachable",
              "is the broker up at that address? make kafka-status"));

  private Failures() {}

  /** Advice that several failures share. */
  static final class Advice {
    static final String NEW_CHECKPOINT =
        "begin anew with another --checkpoint: it reads the topic from its beginning, and may repeat alerts that were written already";

    static final String MORE_MEMORY = "give it more memory (spark.executor_memory, spark.driver_memory), or let a batch be smaller (--max-per-batch)";

    private Advice() {}
  }

  static Failure of(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof Failure failure) {
        return failure;
      }
    }
    StringWriter text = new StringWriter();
    error.printStackTrace(new PrintWriter(text));
    for (Sign sign : SIGNS) {
      Matcher found = sign.pattern.matcher(text.toString());
      if (found.find()) {
        String message = found.groupCount() > 0 ? found.group(1) : lineAround(text.toString(), found.start());
        return new Failure(sign.kind, LEADS.getOrDefault(sign.kind, "") + message.strip(), sign.advice, error);
      }
    }
    Throwable root = error;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return new Failure("other", firstLine(root.toString()), "the log has all of it", error);
  }

  /** The failure of a run in one process, where there is no cluster to be lost: Spark stops itself there when memory runs out. */
  static Failure inOneProcess(Failure failure) {
    return failure.kind().equals(CLUSTER_LOST)
        ? new Failure(HEAP, "Spark has stopped itself, as it does when memory runs out: " + failure.getMessage(), Advice.MORE_MEMORY, failure)
        : failure;
  }

  private static Sign sign(String pattern, String kind, String advice) {
    return new Sign(Pattern.compile(pattern), kind, advice);
  }

  private static String lineAround(String text, int at) {
    int begin = text.lastIndexOf('\n', at) + 1;
    int end = text.indexOf('\n', at);
    return text.substring(begin, end < 0 ? text.length() : end).replaceFirst("^(Caused by: )?", "");
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse(text);
  }
}

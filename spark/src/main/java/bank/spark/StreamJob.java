package bank.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamReader;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.TimeMode;
import org.apache.spark.sql.streaming.Trigger;

/**
 * The stream: Kafka → chunks → shards → engines → Kafka, a batch at a time. After a trouble with Kafka that may pass, the
 * query is begun again from its checkpoint.
 */
final class StreamJob {
  private static final int LEAST_SHARDS = 4;
  private static final long FIRST_PAUSE_MS = 1_000;
  private static final long LONGEST_PAUSE_MS = 15_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final SparkSession spark;
  private final Settings settings;
  private final RulesOf rules;
  private final KafkaSettings kafka;
  private final Events events;
  private final Progress progress;
  private final int shards;
  private final long retryMs;
  private final Gate gate = new Gate();

  StreamJob(SparkSession spark, Settings settings, Events events, JsonNode described) {
    this.spark = spark;
    this.settings = settings.below("stream");
    this.events = events;
    this.kafka = new KafkaSettings(this.settings);
    this.rules = settings.rules().with("histories=partition").with("processed=" + (kafka.processed.isEmpty() ? "no" : "yes"));
    this.retryMs = 1_000 * this.settings.number("retry_seconds", 300);
    this.shards = shards();
    this.progress = new Progress(events, described, this.settings.number("max", Long.MAX_VALUE), gate::stop);
    spark.conf().set("spark.sql.shuffle.partitions", Integer.toString(shards));
    new KafkaBroker(kafka).check(topics());
    new Identity(described, kafka.transactions, shards).claim(this.settings.text("checkpoint"), spark.sparkContext().hadoopConfiguration());
  }

  int shardCount() {
    return shards;
  }

  /** Ends the stream after the batch in work; from any thread. */
  void stop() {
    gate.stop();
  }

  /** Returns when the stream has ended: stopped, at its --max, or at the end of what was there. */
  ObjectNode run(long historyId) throws TimeoutException {
    spark.streams().addListener(progress);
    try {
      return runWithPatience(historyId);
    } finally {
      spark.streams().removeListener(progress);
    }
  }

  private ObjectNode runWithPatience(long historyId) throws TimeoutException {
    long pauseMs = FIRST_PAUSE_MS;
    long troubleSince = 0;
    while (true) {
      long batchesBefore = progress.batches();
      try {
        gate.runToEnd(start(historyId));
        progress.awaitAll();
        return progress.totals();
      } catch (StreamingQueryException e) {
        Failure failure = Failures.of(e);
        long now = System.nanoTime() / 1_000_000;
        if (progress.batches() > batchesBefore) {
          troubleSince = 0;
          pauseMs = FIRST_PAUSE_MS;
        }
        troubleSince = troubleSince == 0 ? now : troubleSince;
        if (!failure.kind().equals("kafka_unreachable") || now + pauseMs > troubleSince + retryMs) {
          throw failure;
        }
        events.tell(Events.named("retrying").put("message", failure.getMessage()).put("pause_ms", pauseMs));
        if (gate.pause(pauseMs)) {
          return progress.totals();
        }
        pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
      }
    }
  }

  private StreamingQuery start(long historyId) throws TimeoutException {
    Dataset<byte[]> results =
        chunks()
            .groupBy("key")
            .as(Encoders.INT(), PackedKafka.ENCODER)
            .transformWithState(
                new ShardProcessor(rules, historyId, settings.number("cache_bytes", 1L << 30)), TimeMode.None(), OutputMode.Append(), Encoders.BINARY());
    Settings console = settings.below("console");
    int consoleAlerts = console.flag("alerts") ? (int) console.number("limit", 20) : 0;
    DataStreamWriter<byte[]> writer =
        results
            .writeStream()
            .queryName("bank")
            .outputMode("append")
            .option("checkpointLocation", settings.text("checkpoint"))
            .trigger(trigger(settings.text("trigger", "0s")));
    return Results.of(writer, settings.text("checkpoint"), kafka, consoleAlerts, new Batches(consoleAlerts)).start();
  }

  private final class Batches implements Results.Driver {
    private final int consoleAlerts;

    Batches(int consoleAlerts) {
      this.consoleAlerts = consoleAlerts;
    }

    @Override
    public void begin() throws InterruptedException {
      gate.enter();
    }

    @Override
    public void done(long epoch, List<Summary> summaries) {
      progress.done(epoch, summaries, consoleAlerts);
    }

    @Override
    public void end() {
      gate.leave();
    }
  }

  private Dataset<Row> chunks() {
    DataStreamReader reader =
        spark
            .readStream()
            .format(PackedKafka.class.getName())
            .option("subscribe", kafka.transactions)
            .option("startingOffsets", settings.text("from", "earliest"))
            .option("maxOffsetsPerTrigger", Math.min(settings.number("max_per_batch", 1_000_000), settings.number("max", Long.MAX_VALUE)))
            .option("failOnDataLoss", true)
            .option("kafka.bootstrap.servers", kafka.servers)
            .option("kafka.isolation.level", "read_committed")
            .option("kafka.max.poll.records", "1000")
            .option("kafka.max.partition.fetch.bytes", "8388608");
    for (Map.Entry<String, String> property : kafka.client.entrySet()) {
      reader = reader.option("kafka." + property.getKey(), property.getValue());
    }
    return PackedKafka.withPacker(reader, rules, shards).load();
  }

  private int shards() {
    int there = Identity.shardsOf(settings.text("checkpoint"), spark.sparkContext().hadoopConfiguration());
    int usual = there > 0 ? there : Math.max(LEAST_SHARDS, 2 * spark.sparkContext().defaultParallelism());
    return (int) settings.number("shards", usual);
  }

  private List<String> topics() {
    List<String> topics = new ArrayList<>(List.of(kafka.transactions));
    if (kafka.sink != KafkaSettings.Sink.NONE) {
      topics.add(kafka.alerts);
      topics.add(kafka.deadLetters);
      if (!kafka.processed.isEmpty()) {
        topics.add(kafka.processed);
      }
    }
    return topics;
  }

  private static Trigger trigger(String text) {
    boolean toTheEnd = text.equals("available-now") || text.equals("once");
    return toTheEnd ? Trigger.AvailableNow() : Trigger.ProcessingTime(text.matches("0m?s?") ? "0 seconds" : spelled(text));
  }

  /** 500ms, 5s, 2m as Spark spells them. */
  private static String spelled(String duration) {
    String unit = duration.replaceAll("[0-9]", "");
    String word =
        switch (unit) {
          case "ms" -> "milliseconds";
          case "s" -> "seconds";
          case "m" -> "minutes";
          case "h" -> "hours";
          default -> throw new Failure("settings", "there is no trigger " + duration, "it is available-now, or a duration as 500ms, 5s or 2m");
        };
    return duration.substring(0, duration.length() - unit.length()) + " " + word;
  }

  static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw new BorderException("no JSON: " + json);
    }
  }
}

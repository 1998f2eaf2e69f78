package bank.spark;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Files: parts of files → chunks → shards → engines → rows, sorted into the order in which `bank detect` writes, and
 * written whole by the driver.
 */
final class BatchJob {
  private static final long PART_BYTES = 32L << 20;
  private static final long SHARD_BYTES = 64L << 20;
  /** Results that the driver itself sorts. */
  private static final long FEW_BYTES = 32L << 20;
  private static final int MOST_SHARDS = 1000;

  private final SparkSession spark;
  private final Settings settings;
  private final Events events;
  private final JsonNode described;
  private final RulesOf rules;
  private final String mapping;
  private final SerializableConfiguration hadoop;
  private final List<InputFile> files;
  private final int shards;
  private final boolean byTime;
  private final long begunNanos = System.nanoTime();

  BatchJob(SparkSession spark, Settings settings, Events events, JsonNode described) {
    this.spark = spark;
    this.settings = settings.below("batch");
    this.events = events;
    this.described = described;
    this.mapping = settings.below("engine").text("map", "");
    this.byTime = order(this.settings.text("order", "arrival"));
    this.rules =
        settings
            .rules()
            .with("histories=shared")
            .with("dead_letters=lines")
            .with("processed=" + (this.settings.has("processed") ? "yes" : "no"))
            .with("analytics=" + (reports() ? "yes" : "no"));
    this.hadoop = new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
    this.files = InputFile.all(this.settings.texts("inputs"), this.settings.text("format", "auto"), rules, hadoop.value());
    this.shards = shards();
    spark.conf().set("spark.sql.shuffle.partitions", Integer.toString(shards)); // where Spark sorts results
  }

  int shardCount() {
    return shards;
  }

  /** Does all; gives the event to end with. */
  ObjectNode run() {
    JavaRDD<BatchPiece> judged =
        chunks()
            .repartitionAndSortWithinPartitions(new ChunkPlace.ByShard(shards))
            .mapPartitions(new BatchJudging(rules, byTime, reports()))
            .persist(StorageLevel.DISK_ONLY());
    BatchPiece.Totals totals = new BatchPiece.Totals();
    judged.filter(BatchPiece.Totals.class::isInstance).collect().forEach(each -> totals.add((BatchPiece.Totals) each));
    Counts counts = totals.counts();
    events.tell(Events.named("judged").put("rows", counts.records()).put("duration_ms", elapsedMs()));
    BatchOutputs outputs = new BatchOutputs(spark, judged, totals.bytes(), byTime, settings.number("few_bytes", FEW_BYTES));
    showAlerts(outputs);
    write(outputs, Outputs.ALERT, "alerts");
    write(outputs, Outputs.PROCESSED, "processed");
    write(outputs, Outputs.DEAD_LETTER, "rejected");
    if (reports()) {
      report(judged, counts);
    }
    judged.unpersist(false);
    return ended(counts);
  }

  private JavaPairRDD<ChunkPlace, byte[]> chunks() {
    JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
    List<FilePart> parts = parts(context);
    JavaPairRDD<ChunkPlace, byte[]> all =
        parts.isEmpty() ? null : context.parallelize(parts, parts.size()).mapPartitionsToPair(new FilePacking(rules, shards, hadoop));
    for (InputFile file : files) {
      if (file.layout().equals("parquet")) {
        JavaPairRDD<ChunkPlace, byte[]> own =
            ParquetInput.records(spark, file, mapping)
                .as(Packing.RECORDS)
                .toJavaRDD()
                .mapPartitionsToPair(new Packing(rules, shards, file.origin()));
        all = all == null ? own : all.union(own);
      }
    }
    return all;
  }

  /** The parts to read, with the line that each begins on. */
  private List<FilePart> parts(JavaSparkContext context) {
    List<FilePart> parts = new ArrayList<>();
    long partBytes = settings.number("part_bytes", PART_BYTES);
    for (InputFile file : files) {
      if (!file.layout().equals("parquet")) {
        parts.addAll(FilePart.of(file, partBytes));
      }
    }
    List<Long> lines = countLines(context, parts);
    long line = 1;
    for (int i = 0; i < parts.size(); ++i) {
      line = parts.get(i).first() ? parts.get(i).line() : line;
      parts.set(i, parts.get(i).onLine(line));
      line += lines.get(i);
    }
    return parts;
  }

  /** The line breaks of each part that another follows. */
  private List<Long> countLines(JavaSparkContext context, List<FilePart> parts) {
    if (parts.stream().allMatch(part -> part.end() == Long.MAX_VALUE)) {
      return parts.stream().map(part -> 0L).toList();
    }
    SerializableConfiguration conf = hadoop;
    return context
        .parallelize(parts, parts.size())
        .map(part -> part.end() == Long.MAX_VALUE ? 0L : part.countLines(conf.value()))
        .collect();
  }

  private void write(BatchOutputs outputs, int kind, String setting) {
    if (settings.has(setting)) {
      WholeFile.write(settings.text(setting), outputs.blocks(kind), hadoop.value());
    }
  }

  /** The first alerts, for the console. */
  private void showAlerts(BatchOutputs outputs) {
    Settings console = settings.below("console");
    if (console.flag("alerts")) {
      for (byte[] alert : outputs.first(Outputs.ALERT, (int) console.number("limit", 20))) {
        events.tellAlert(new String(alert, StandardCharsets.UTF_8));
      }
    }
  }

  private boolean reports() {
    return settings.has("report") || settings.has("tables");
  }

  private void report(JavaRDD<BatchPiece> judged, Counts counts) {
    JavaRDD<byte[]> each =
        judged.filter(BatchPiece.Analytics.class::isInstance).map(piece -> ((BatchPiece.Analytics) piece).figures());
    if (each.isEmpty()) {
      return; // there were no records
    }
    StringBuilder options = new StringBuilder();
    files.forEach(file -> options.append("input=").append(file.name()).append('\n'));
    options.append("alerts_input=").append(settings.text("alerts", "")).append('\n');
    options.append("top=").append(settings.number("top", 10)).append('\n');
    options.append("generated_at_us=").append(ShardProcessor.nowMicros()).append('\n');
    options.append("resends=").append(counts.resends).append('\n');
    String report = Native.report(each.treeReduce(Native::mergeAnalytics), options.toString());
    if (settings.has("report")) {
      WholeFile.write(settings.text("report"), List.of(report.getBytes(StandardCharsets.UTF_8)).iterator(), hadoop.value());
    }
    try {
      JsonNode read =
          new ObjectMapper()
              .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
              .setNodeFactory(JsonNodeFactory.withExactBigDecimals(true)) // 12.50 stays 12.50
              .readTree(report);
      ReportTables.show(spark, read, settings.text("tables", ""), events);
    } catch (IOException e) {
      throw new BorderException("the report is no JSON: " + e.getMessage());
    }
  }

  private ObjectNode ended(Counts counts) {
    ObjectNode line = Events.named("ended").put("files", files.size()).put("rows", counts.records()).put("duration_ms", elapsedMs());
    counts.putInto(line, described.path("rules"));
    return line;
  }

  private long elapsedMs() {
    return (System.nanoTime() - begunNanos) / 1_000_000;
  }

  private int shards() {
    long bytes = files.stream().mapToLong(InputFile::textBytes).sum();
    long usual = Math.max(Math.max(8, 2L * spark.sparkContext().defaultParallelism()), bytes / SHARD_BYTES);
    return (int) settings.number("shards", Math.min(usual, MOST_SHARDS));
  }

  private static boolean order(String name) {
    return switch (name) {
      case "arrival" -> false;
      case "event-time" -> true;
      default -> throw new Failure("settings", "there is no order " + name, "there are arrival and event-time");
    };
  }
}

package bank.peer;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.from_json;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;
import static org.apache.spark.sql.functions.window;

import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.Trigger;

/**
 * {@code Stream WHAT BROKER TOPIC RECORDS_PER_BATCH CHECKPOINT [ALERTS_TOPIC]}: goes through all that a topic holds. WHAT:
 *
 * <ul>
 *   <li>{@code nothing}: reads, and does nothing. What any job on this source must take.
 *   <li>{@code tumbling}, {@code sliding}: alerts by Spark SQL, without code of one's own. HIGH_AMOUNT is the seed rule. VELOCITY
 *       isn't: it counts within windows of five minutes that begin at fixed times, every five minutes (which misses bursts that lie
 *       across two windows) or every minute, and says once for each window and batch that there were five.
 * </ul>
 */
public final class Stream {
  /** The fields of a transaction that the two rules need; Spark skips the others. */
  static final String SCHEMA = "transaction_id STRING, account_number STRING, amount DECIMAL(18, 4), timestamp TIMESTAMP";
  /** How the timestamps are written. */
  static final Map<String, String> FORMAT = Map.of("timestampFormat", "yyyy-MM-dd HH:mm:ss");

  private Stream() {}

  private static Dataset<Row> read(SparkSession spark, String broker, String topic, String perBatch) {
    return spark
        .readStream()
        .format("kafka")
        .option("subscribe", topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", perBatch)
        .option("kafka.bootstrap.servers", broker)
        .option("kafka.isolation.level", "read_committed")
        .option("kafka.max.poll.records", "10000") // after each poll Spark asks the broker two questions, behind a fetch that waits
        .option("kafka.max.partition.fetch.bytes", "8388608")
        .option("kafka.fetch.max.wait.ms", "5")
        .load();
  }

  private static Dataset<Row> alerts(Dataset<Row> records, Column window) {
    Dataset<Row> transactions = records.select(from_json(col("value").cast("string"), SCHEMA, FORMAT).as("transaction")).select("transaction.*");
    Dataset<Row> high =
        transactions
            .filter(col("amount").gt(5000))
            .select(concat(col("transaction_id"), lit(":HIGH_AMOUNT")).as("alert_id"), lit("HIGH_AMOUNT").as("alert_type"), col("account_number"));
    Dataset<Row> velocity =
        transactions
            .withWatermark("timestamp", "1 hour")
            .groupBy(col("account_number"), window)
            .count()
            .filter(col("count").geq(5))
            .select(
                concat(col("account_number"), lit("/"), col("window.start").cast("string"), lit(":VELOCITY")).as("alert_id"),
                lit("VELOCITY").as("alert_type"),
                col("account_number"));
    return high.union(velocity).select(col("account_number").as("key"), to_json(struct("alert_id", "alert_type", "account_number")).as("value"));
  }

  public static void main(String[] arguments) throws Exception {
    String what = arguments[0], broker = arguments[1];
    Events events = new Events();
    SparkSession spark = SparkSession.builder().getOrCreate();
    spark.streams().addListener(events);
    events.tell("started", Map.of());
    Dataset<Row> records = read(spark, broker, arguments[2], arguments[3]);
    DataStreamWriter<Row> writer;
    if (what.equals("nothing")) {
      writer = records.writeStream().format("noop");
    } else {
      Column window = what.equals("sliding") ? window(col("timestamp"), "5 minutes", "1 minute") : window(col("timestamp"), "5 minutes");
      writer =
          alerts(records, window)
              .writeStream()
              .format("kafka")
              .outputMode("update")
              .option("kafka.bootstrap.servers", broker)
              .option("kafka.compression.type", "lz4")
              .option("topic", arguments[5]);
    }
    writer.option("checkpointLocation", arguments[4]).trigger(Trigger.AvailableNow()).start().awaitTermination();
    events.awaitTerminated();
    events.tell("ended", Map.of());
    spark.stop();
  }
}

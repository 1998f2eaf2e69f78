package bank.peer;

import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.monotonically_increasing_id;
import static org.apache.spark.sql.functions.unix_seconds;
import static org.apache.spark.sql.functions.when;

import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;

/**
 * {@code Batch WHAT FILE OUTPUT…}: the two seed rules over a file of JSON lines, by a window of Spark SQL's, written as JSON into the
 * folder OUTPUT; and again for each OUTPUT that follows. WHAT:
 *
 * <ul>
 *   <li>{@code range}: a RANGE window. It counts transactions of the same second that arrive later, too, which the rule doesn't.
 *   <li>{@code exact}: the same, less those.
 * </ul>
 */
public final class Batch {
  private static final long WINDOW_SECONDS = 300;

  private Batch() {}

  private static Dataset<Row> alerts(SparkSession spark, String file, boolean exact) {
    Dataset<Row> transactions =
        spark.read().options(Stream.FORMAT).schema(Stream.SCHEMA).json(file).withColumn("second", unix_seconds(col("timestamp")));
    WindowSpec of = Window.partitionBy("account_number");
    Column recent = count(lit(1)).over(of.orderBy("second").rangeBetween(-WINDOW_SECONDS, Window.currentRow()));
    if (exact) {
      transactions = transactions.withColumn("line", monotonically_increasing_id());
      WindowSpec later = Window.partitionBy("account_number", "second").orderBy("line").rowsBetween(1, Window.unboundedFollowing());
      recent = recent.minus(count(lit(1)).over(later));
    }
    return transactions
        .withColumn("recent", recent)
        .filter(col("amount").gt(5000).or(col("recent").geq(5)))
        .withColumn("alert_type", explode(array(
            when(col("amount").gt(5000), "HIGH_AMOUNT"), when(col("recent").geq(5), "VELOCITY"))))
        .filter(col("alert_type").isNotNull())
        .select(concat(col("transaction_id"), lit(":"), col("alert_type")).as("alert_id"), col("alert_type"), col("account_number"),
            col("amount"), col("timestamp"), col("recent"));
  }

  public static void main(String[] arguments) {
    Events events = new Events();
    SparkSession spark = SparkSession.builder().getOrCreate();
    events.tell("started", Map.of());
    for (int i = 2; i < arguments.length; ++i) {
      long begun = System.nanoTime();
      alerts(spark, arguments[1], arguments[0].equals("exact")).write().json(arguments[i]);
      events.tell("ended", Map.of("duration_ms", (System.nanoTime() - begun) / 1_000_000));
    }
    spark.stop();
  }
}

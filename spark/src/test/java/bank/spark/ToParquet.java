package bank.spark;

import java.io.IOException;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/**
 * {@code ToParquet LINES FOLDER}: the transactions of a file of JSON lines as Parquet, in their order, in types of Parquet's own: one
 * file in FOLDER. The system test of batch mode runs it.
 */
public final class ToParquet {
  private static final String SCHEMA =
      "transaction_id STRING, account_number STRING, transaction_type STRING, amount DECIMAL(18, 4), timestamp TIMESTAMP, "
          + "location STRING, merchant STRING, status STRING";

  private ToParquet() {}

  public static void main(String[] arguments) throws IOException {
    SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC").getOrCreate();
    Dataset<Row> lines = spark.read().options(Map.of("timestampFormat", "yyyy-MM-dd HH:mm:ss", "mode", "FAILFAST")).schema(SCHEMA).json(arguments[0]);
    lines.coalesce(1).write().mode(SaveMode.Overwrite).parquet(arguments[1]);
    spark.close();
  }
}

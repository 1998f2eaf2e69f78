package bank.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParquetInputTest {
  private static SparkSession spark;
  @TempDir private Path folder;

  @BeforeAll
  static void begin() {
    spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate();
  }

  @AfterAll
  static void end() throws IOException {
    spark.close();
  }

  private List<String> records(StructType schema, List<Row> rows, String mapping) {
    String path = folder.resolve("file.parquet").toString();
    spark.createDataFrame(rows, schema).coalesce(1).write().parquet(path);
    InputFile file = new InputFile(4, "name", path, "parquet", 0, 0, 1, "", false);
    List<String> found = new ArrayList<>();
    for (Row row : ParquetInput.records(spark, file, mapping).collectAsList()) {
      assertEquals(4, row.<Integer>getAs("partition"));
      byte[] value = row.getAs("value");
      found.add(row.<Long>getAs("offset") + " " + new String(value, StandardCharsets.UTF_8));
    }
    return found;
  }

  @Test
  void decimalsStayExactAndTimesAreUtc() {
    StructType schema =
        new StructType()
            .add("transaction_id", DataTypes.StringType)
            .add("account_number", DataTypes.LongType)
            .add("amount", DataTypes.createDecimalType(18, 4))
            .add("timestamp", DataTypes.TimestampType)
            .add("merchant", DataTypes.StringType)
            .add("unknown", DataTypes.StringType);
    List<Row> rows =
        List.of(
            RowFactory.create("T1", 7L, new BigDecimal("99999999999999.9999"), Timestamp.from(Instant.parse("2026-01-02T03:04:05.123456Z")), null, "x"),
            RowFactory.create("T2", 8L, new BigDecimal("0.1000"), Timestamp.from(Instant.parse("2026-01-02T03:04:05Z")), "A \"b\"", "x"));
    assertEquals(
        List.of(
            "1 {\"transaction_id\":\"T1\",\"account_number\":\"7\",\"amount\":99999999999999.9999,\"timestamp\":\"2026-01-02 03:04:05.123456\"}",
            "2 {\"transaction_id\":\"T2\",\"account_number\":\"8\",\"amount\":0.1000,\"timestamp\":\"2026-01-02 03:04:05\",\"merchant\":\"A \\\"b\\\"\"}"),
        records(schema, rows, ""));
  }

  @Test
  void columnsMayHaveOtherNames() {
    StructType schema = new StructType().add("cc_num", DataTypes.StringType).add("amt", DataTypes.DoubleType).add("amount", DataTypes.LongType);
    assertEquals(
        List.of("1 {\"cc_num\":\"A\",\"amt\":12.3}"),
        records(schema, List.of(RowFactory.create("A", 12.3, 5L)), "account_number=cc_num, amount=amt"));
  }
}

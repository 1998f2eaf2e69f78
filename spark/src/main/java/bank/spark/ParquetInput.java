package bank.spark;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;

/**
 * Rows of Parquet as records: JSON objects, which the native half reads as it reads any others. Decimals stay exact; a
 * timestamp becomes {@code YYYY-MM-DD HH:MM:SS[.ffffff]} in UTC. A record's number is its row in the file, from 1.
 */
final class ParquetInput {
  private static final List<String> FIELDS =
      List.of("transaction_id", "account_number", "transaction_type", "amount", "timestamp", "location", "merchant", "status");

  private ParquetInput() {}

  /** (file, number, null, record) of each row. {@code mapping}: field=column,…, where columns have other names. */
  static Dataset<Row> records(SparkSession spark, InputFile file, String mapping) {
    Map<String, String> columns = new HashMap<>();
    for (String pair : mapping.isEmpty() ? new String[0] : mapping.split(",")) {
      columns.put(pair.substring(0, pair.indexOf('=')).strip(), pair.substring(pair.indexOf('=') + 1).strip());
    }
    Dataset<Row> rows = spark.read().parquet(file.path());
    List<String> there = Arrays.asList(rows.columns());
    List<Column> taken = new ArrayList<>();
    for (String field : FIELDS) {
      String column = columns.getOrDefault(field, field);
      if (there.contains(column)) {
        taken.add(asText(rows.schema().apply(column), field).as(column));
      }
    }
    return rows.select(
        lit(file.number()).as("partition"),
        col("_metadata.row_index").plus(1).as("offset"),
        lit(null).cast(DataTypes.BinaryType).as("key"),
        to_json(struct(taken.toArray(new Column[0]))).cast(DataTypes.BinaryType).as("value"));
  }

  private static Column asText(StructField column, String field) {
    Column value = col("`" + column.name() + "`");
    return field.equals("amount") && column.dataType() instanceof NumericType ? value : value.cast(DataTypes.StringType);
  }
}

package bank.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The report's lists as tables: for the console, and as Parquet. */
final class ReportTables {
  /** Name of the table → where it stands in the report. */
  private static final Map<String, String> TABLES = new LinkedHashMap<>();

  static {
    TABLES.put("totals", "/totals");
    TABLES.put("by_type", "/by_type");
    TABLES.put("by_status", "/by_status");
    TABLES.put("by_hour", "/by_hour");
    TABLES.put("locations", "/locations/top");
    TABLES.put("merchants", "/merchants/top");
    TABLES.put("accounts_by_volume", "/accounts_by_volume/top");
    TABLES.put("accounts_by_count", "/accounts_by_count/top");
    TABLES.put("alerts_by_rule", "/alerts/by_rule");
    TABLES.put("decisions", "/alerts/decisions");
  }

  private ReportTables() {}

  /** Tells each table that is not empty, and writes it below {@code folder}, unless that is empty. */
  static void show(SparkSession spark, JsonNode report, String folder, Events events) {
    TABLES.forEach(
        (name, place) -> {
          List<JsonNode> rows = rowsAt(report.at(place));
          if (!rows.isEmpty()) {
            StructType schema = schemaOf(rows);
            events.tell(event(name, schema, rows));
            if (!folder.isEmpty()) {
              spark.createDataFrame(rowsOf(rows, schema), schema).coalesce(1).write().mode("overwrite").parquet(folder + "/" + name);
            }
          }
        });
  }

  private static List<JsonNode> rowsAt(JsonNode place) {
    List<JsonNode> rows = new ArrayList<>();
    if (place.isArray()) {
      place.forEach(rows::add);
    } else if (place.isObject()) {
      rows.add(place);
    }
    return rows;
  }

  private static StructType schemaOf(List<JsonNode> rows) {
    Map<String, DataType> types = new LinkedHashMap<>();
    for (JsonNode row : rows) {
      for (Map.Entry<String, JsonNode> field : row.properties()) {
        if (field.getValue().isValueNode()) {
          types.merge(field.getKey(), typeOf(field.getKey(), field.getValue()), (a, b) -> a.equals(DataTypes.NullType) ? b : a);
        }
      }
    }
    StructType schema = new StructType();
    for (Map.Entry<String, DataType> type : types.entrySet()) {
      schema = schema.add(type.getKey(), type.getValue().equals(DataTypes.NullType) ? DataTypes.StringType : type.getValue());
    }
    return schema;
  }

  private static DataType typeOf(String name, JsonNode value) {
    if (name.equals("volume")) {
      return DataTypes.createDecimalType(38, 4);
    }
    return switch (value.getNodeType()) {
      case NUMBER -> value.isIntegralNumber() ? DataTypes.LongType : DataTypes.DoubleType;
      case BOOLEAN -> DataTypes.BooleanType;
      case NULL -> DataTypes.NullType;
      default -> DataTypes.StringType;
    };
  }

  private static List<Row> rowsOf(List<JsonNode> rows, StructType schema) {
    List<Row> all = new ArrayList<>();
    for (JsonNode row : rows) {
      Object[] values = new Object[schema.size()];
      for (int i = 0; i < values.length; ++i) {
        values[i] = valueOf(row.path(schema.apply(i).name()), schema.apply(i).dataType());
      }
      all.add(RowFactory.create(values));
    }
    return all;
  }

  private static Object valueOf(JsonNode value, DataType type) {
    if (value.isNull() || value.isMissingNode()) {
      return null;
    }
    if (type.equals(DataTypes.LongType)) {
      return value.asLong();
    }
    if (type.equals(DataTypes.DoubleType)) {
      return value.asDouble();
    }
    if (type.equals(DataTypes.BooleanType)) {
      return value.asBoolean();
    }
    return type.equals(DataTypes.StringType) ? value.asText() : value.decimalValue();
  }

  private static ObjectNode event(String name, StructType schema, List<JsonNode> rows) {
    ObjectNode event = Events.named("table").put("title", name);
    ArrayNode columns = event.putArray("columns");
    for (String column : schema.fieldNames()) {
      columns.add(column);
    }
    ArrayNode lines = event.putArray("rows");
    for (JsonNode row : rows) {
      ArrayNode line = lines.addArray();
      for (String column : schema.fieldNames()) {
        line.add(row.path(column).isMissingNode() ? null : row.path(column));
      }
    }
    return event;
  }
}

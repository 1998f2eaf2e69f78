package bank.spark;

import java.util.Base64;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.connector.metric.CustomMetric;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.kafka010.KafkaMicroBatchStream;
import org.apache.spark.sql.kafka010.KafkaSourceProvider;
import org.apache.spark.sql.streaming.DataStreamReader;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * Spark's Kafka source, all of it but for what comes out: not a row for each record, but what the native packer makes of
 * them (SCHEMA). To make rows of records, and records of rows again, takes longer than to judge them.
 *
 * <p>Which records are read, and when, is Spark's (spark-sql-kafka-0-10), and its options are this source's; how they are
 * read is PartitionConsumer's. Records that are no longer there always fail the stream (failOnDataLoss).
 */
public final class PackedKafka implements TableProvider {
  /** The key of a shard, and a chunk for it. */
  static final StructType SCHEMA =
      new StructType().add("key", DataTypes.IntegerType, false).add("chunk", DataTypes.BinaryType, false);

  static final Encoder<Row> ENCODER = Encoders.row(SCHEMA);

  private static final String RULES = "bank.rules";
  private static final String RULES_NAME = "bank.rules.name";
  private static final String RULES_OPTIONS = "bank.rules.options";
  private static final String SHARDS = "bank.shards";

  /** As Spark calls it. */
  public PackedKafka() {}

  /** What the packers of this source need to know. */
  static DataStreamReader withPacker(DataStreamReader reader, RulesOf rules, int shards) {
    return reader
        .option(RULES, Base64.getEncoder().encodeToString(rules.yaml()))
        .option(RULES_NAME, rules.name())
        .option(RULES_OPTIONS, rules.options())
        .option(SHARDS, shards);
  }

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return SCHEMA;
  }

  @Override
  public Table getTable(StructType schema, Transform[] partitioning, Map<String, String> properties) {
    Table records = new KafkaSourceProvider().getTable(new CaseInsensitiveStringMap(properties));
    return new Chunks((SupportsRead) records);
  }

  private static final class Chunks implements SupportsRead {
    private final SupportsRead records;

    Chunks(SupportsRead records) {
      this.records = records;
    }

    @Override
    public String name() {
      return records.name();
    }

    @Override
    public StructType schema() {
      return SCHEMA;
    }

    @Override
    public Set<TableCapability> capabilities() {
      return Set.of(TableCapability.MICRO_BATCH_READ);
    }

    @Override
    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
      RulesOf rules = new RulesOf(Base64.getDecoder().decode(options.get(RULES)), options.get(RULES_NAME), options.get(RULES_OPTIONS));
      PackedKafkaReader.Factory readers = new PackedKafkaReader.Factory(rules, options.getInt(SHARDS, 0));
      return () -> new ChunkScan(records.newScanBuilder(options).build(), readers);
    }
  }

  private record ChunkScan(Scan records, PackedKafkaReader.Factory readers) implements Scan {
    @Override
    public StructType readSchema() {
      return SCHEMA;
    }

    @Override
    public String description() {
      return records.description();
    }

    @Override
    public CustomMetric[] supportedCustomMetrics() {
      return new CustomMetric[] {new RecordsRead()};
    }

    @Override
    public MicroBatchStream toMicroBatchStream(String checkpoint) {
      return new PackedKafkaStream((KafkaMicroBatchStream) records.toMicroBatchStream(checkpoint), readers);
    }
  }
}

package bank.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.catalog.SupportsWrite;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.connector.write.DataWriter;
import org.apache.spark.sql.connector.write.LogicalWriteInfo;
import org.apache.spark.sql.connector.write.PhysicalWriteInfo;
import org.apache.spark.sql.connector.write.Write;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.connector.write.WriterCommitMessage;
import org.apache.spark.sql.connector.write.streaming.StreamingDataWriterFactory;
import org.apache.spark.sql.connector.write.streaming.StreamingWrite;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * The stream's sink, as Spark knows sinks: a batch's partitions are written by ResultsWriter, and the driver is told of each
 * batch. (By foreachBatch Spark would plan each batch a second time.)
 */
public final class Results implements TableProvider {
  /** What happens in the driver. */
  interface Driver {
    /** A batch begins. Where it must not, this does not return. */
    void begin() throws InterruptedException;

    /** All of a batch is written; end() follows. */
    void done(long epoch, List<Summary> summaries);

    /** A batch has ended, well or badly. */
    void end();
  }

  private static final String TARGET = "bank.target";
  private static final StructType SCHEMA = new StructType().add("value", DataTypes.BinaryType);
  /** Of the streams of this process; Spark makes the sink by the name of its class, and hands it texts alone. */
  private static final Map<String, Target> TARGETS = new ConcurrentHashMap<>();

  private record Target(KafkaSettings kafka, int consoleAlerts, Driver driver) {}

  /** As Spark calls it. */
  public Results() {}

  /** {@code consoleAlerts}: how many alerts of a partition the driver is told. One stream of a checkpoint runs at a time. */
  static DataStreamWriter<byte[]> of(DataStreamWriter<byte[]> writer, String checkpoint, KafkaSettings kafka, int consoleAlerts, Driver driver) {
    TARGETS.put(checkpoint, new Target(kafka, consoleAlerts, driver));
    return writer.format(Results.class.getName()).option(TARGET, checkpoint);
  }

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return SCHEMA;
  }

  @Override
  public Table getTable(StructType schema, Transform[] partitioning, Map<String, String> properties) {
    return new Sink(TARGETS.get(new CaseInsensitiveStringMap(properties).get(TARGET)));
  }

  private record Sink(Target target) implements SupportsWrite {
    @Override
    public String name() {
      return "bank";
    }

    @Override
    public StructType schema() {
      return SCHEMA;
    }

    @Override
    public Set<TableCapability> capabilities() {
      return Set.of(TableCapability.STREAMING_WRITE);
    }

    @Override
    public WriteBuilder newWriteBuilder(LogicalWriteInfo info) {
      return new WriteBuilder() {
        @Override
        public Write build() {
          return new Write() {
            @Override
            public StreamingWrite toStreaming() {
              return new Batches(target, info.queryId());
            }
          };
        }
      };
    }
  }

  /** What a writer gives the driver. */
  record Message(Summary summary) implements WriterCommitMessage {
    private static final long serialVersionUID = 1L;
  }

  private record Writers(KafkaSettings kafka, String query, int consoleAlerts) implements StreamingDataWriterFactory, Serializable {
    private static final long serialVersionUID = 1L;

    @Override
    public DataWriter<InternalRow> createWriter(int partition, long task, long epoch) {
      return new ResultsWriter(kafka, query, partition, epoch, consoleAlerts);
    }
  }

  private record Batches(Target target, String query) implements StreamingWrite {
    @Override
    public StreamingDataWriterFactory createStreamingWriterFactory(PhysicalWriteInfo info) {
      try {
        target.driver.begin();
      } catch (InterruptedException e) {
        throw Results.<RuntimeException>asItIs(e); // by which Spark knows that it has been stopped
      }
      return new Writers(target.kafka, query, target.consoleAlerts);
    }

    /** Not needed: of two attempts that write, Kafka fences one. */
    @Override
    public boolean useCommitCoordinator() {
      return false;
    }

    @Override
    public void commit(long epoch, WriterCommitMessage[] messages) {
      List<Summary> summaries = new ArrayList<>();
      for (WriterCommitMessage message : messages) {
        summaries.add(((Message) message).summary());
      }
      target.driver.done(epoch, summaries);
      target.driver.end();
    }

    @Override
    public void abort(long epoch, WriterCommitMessage[] messages) {
      target.driver.end();
    }
  }

  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E asItIs(Throwable error) throws E {
    throw (E) error;
  }
}

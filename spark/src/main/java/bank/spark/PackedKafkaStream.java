package bank.spark;

import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.connector.read.streaming.Offset;
import org.apache.spark.sql.connector.read.streaming.ReadLimit;
import org.apache.spark.sql.connector.read.streaming.ReportsSourceMetrics;
import org.apache.spark.sql.connector.read.streaming.SupportsTriggerAvailableNow;
import org.apache.spark.sql.kafka010.KafkaMicroBatchStream;

/** The driver's side of PackedKafka: Spark's own, with other readers. */
final class PackedKafkaStream implements MicroBatchStream, SupportsTriggerAvailableNow, ReportsSourceMetrics {
  private final KafkaMicroBatchStream records;
  private final PartitionReaderFactory readers;

  PackedKafkaStream(KafkaMicroBatchStream records, PartitionReaderFactory readers) {
    this.records = records;
    this.readers = readers;
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    return readers;
  }

  @Override
  public InputPartition[] planInputPartitions(Offset start, Offset end) {
    return records.planInputPartitions(start, end);
  }

  @Override
  public Offset initialOffset() {
    return records.initialOffset();
  }

  @Override
  public Offset latestOffset() {
    return records.latestOffset();
  }

  @Override
  public Offset latestOffset(Offset start, ReadLimit limit) {
    return records.latestOffset(start, limit);
  }

  @Override
  public Offset reportLatestOffset() {
    return records.reportLatestOffset();
  }

  @Override
  public ReadLimit getDefaultReadLimit() {
    return records.getDefaultReadLimit();
  }

  @Override
  public void prepareForTriggerAvailableNow() {
    records.prepareForTriggerAvailableNow();
  }

  @Override
  public Offset deserializeOffset(String json) {
    return records.deserializeOffset(json);
  }

  @Override
  public void commit(Offset end) {
    records.commit(end);
  }

  @Override
  public void stop() {
    records.stop();
  }

  @Override
  public Map<String, String> metrics(Optional<Offset> latestConsumed) {
    return records.metrics(latestConsumed);
  }

  @Override
  public String toString() {
    return records.toString();
  }
}

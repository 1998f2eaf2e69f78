package bank.spark;

import java.nio.ByteBuffer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.connector.metric.CustomTaskMetric;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.kafka010.KafkaBatchInputPartition;
import org.apache.spark.sql.kafka010.KafkaOffsetRange;

/** The executors' side of PackedKafka: the records of a partition's range as rows of chunks. */
final class PackedKafkaReader implements PartitionReader<InternalRow> {
  /** Makes the readers; travels to the executors. */
  static final class Factory implements PartitionReaderFactory {
    private static final long serialVersionUID = 1L;

    private final RulesOf rules;
    private final int shards;

    Factory(RulesOf rules, int shards) {
      this.rules = rules;
      this.shards = shards;
    }

    @Override
    public PartitionReader<InternalRow> createReader(InputPartition partition) {
      return new PackedKafkaReader((KafkaBatchInputPartition) partition, rules, shards);
    }
  }

  private final PartitionConsumer records;
  private final int partition;
  private final Packer<InternalRow> packer;
  private final RawMessage message = new RawMessage();
  private long read;
  private boolean ended;
  private InternalRow row;

  private PackedKafkaReader(KafkaBatchInputPartition range, RulesOf rules, int shards) {
    KafkaOffsetRange offsets = range.offsetRange();
    TopicPartition place = offsets.topicPartition();
    this.partition = place.partition();
    this.packer = new Packer<>(rules, shards, place.topic() + "/", (key, chunk) -> new GenericInternalRow(new Object[] {key, chunk}));
    PartitionConsumer consumer = null;
    try {
      consumer = new PartitionConsumer(place, offsets.fromOffset(), offsets.untilOffset(), range.executorKafkaParams(), range.pollTimeoutMs());
    } finally {
      if (consumer == null) {
        packer.close();
        message.close();
      }
    }
    this.records = consumer;
  }

  @Override
  public boolean next() {
    while (packer.ready().isEmpty() && !ended) {
      fill();
    }
    row = packer.ready().poll();
    return row != null;
  }

  @Override
  public InternalRow get() {
    return row;
  }

  private void fill() {
    for (ConsumerRecord<ByteBuffer, ByteBuffer> record = records.next(); record != null; record = records.next()) {
      ++read;
      if (!message.add(partition, record.offset(), record.key(), record.value())) {
        message.packInto(packer.handle());
        message.add(partition, record.offset(), record.key(), record.value());
        packer.drain(false);
        if (!packer.ready().isEmpty()) {
          return;
        }
      }
    }
    message.packInto(packer.handle());
    packer.drain(true);
    ended = true;
  }

  @Override
  public CustomTaskMetric[] currentMetricsValues() {
    return new CustomTaskMetric[] {new RecordsRead.OfTask(read)};
  }

  @Override
  public void close() {
    packer.close();
    message.close();
    records.close();
  }
}

package bank.spark;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.kafka010.KafkaBatchInputPartition;
import org.apache.spark.sql.kafka010.KafkaOffsetRange;
import org.apache.spark.sql.kafka010.consumer.KafkaDataConsumer;

/** The executors' side of PackedKafka: the records of a partition's range, by Spark's consumers, as rows of chunks. */
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

  private final KafkaBatchInputPartition range;
  private final KafkaDataConsumer consumer;
  private final long end;
  private final int partition;
  private final Packer<InternalRow> packer;
  private final RawMessage message = new RawMessage();
  private long next;
  private boolean ended;
  private InternalRow row;

  private PackedKafkaReader(KafkaBatchInputPartition range, RulesOf rules, int shards) {
    KafkaOffsetRange offsets = range.offsetRange();
    TopicPartition place = offsets.topicPartition();
    this.range = range;
    this.next = offsets.fromOffset();
    this.end = offsets.untilOffset();
    this.partition = place.partition();
    this.packer = new Packer<>(rules, shards, place.topic() + "/", (key, chunk) -> new GenericInternalRow(new Object[] {key, chunk}));
    this.consumer = KafkaDataConsumer.acquire(place, range.executorKafkaParams());
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
    while (next < end) {
      ConsumerRecord<byte[], byte[]> record = consumer.get(next, end, range.pollTimeoutMs(), range.failOnDataLoss());
      if (record == null) {
        break; // what is left of the range are marks of transactions
      }
      next = record.offset() + 1;
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
  public void close() {
    consumer.release();
    packer.close();
    message.close();
  }
}

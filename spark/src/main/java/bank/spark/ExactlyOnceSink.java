package bank.spark;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/**
 * Writes a partition of a batch (an epoch) in one Kafka transaction, in which the epoch is recorded, too: as the committed
 * offset epoch + 1 of a consumer group that belongs to this query and partition alone. An epoch that is run again finds
 * itself recorded, and writes nothing.
 *
 * <p>The transactional id is the query's and partition's, so that who begins to write fences whoever still does. A producer
 * is kept from epoch to epoch, by the process that it is in, until something goes wrong with it.
 */
final class ExactlyOnceSink extends PartitionSink {
  /** What a writer needs of Kafka. */
  interface Broker {
    /** A producer of this transactional id; nothing has been asked of it. */
    Producer<byte[], byte[]> producer(String transactionalId);

    /** The committed offset of the group, once no transaction that may move it is open; −1: none. */
    long committed(String group, TopicPartition partition);
  }

  private record Kept(Producer<byte[], byte[]> producer, long lastEpoch) {}

  private static final int KEPT = 256;
  private static final Duration AT_ONCE = Duration.ZERO;
  private static final ExecutorService RECORDERS = Executors.newCachedThreadPool(ExactlyOnceSink::daemon);
  private static final Map<String, Kept> PRODUCERS = new LinkedHashMap<>(); // used longest ago first

  private final Broker broker;
  private final String id;
  private final TopicPartition place;
  private final long epoch;
  private Producer<byte[], byte[]> producer;
  private Future<?> recorded;
  private boolean begun;
  private boolean skipped;

  ExactlyOnceSink(KafkaSettings settings, Broker broker, String query, int partition, long epoch) {
    super(settings);
    this.broker = broker;
    this.id = "bank-spark-" + query + "-" + partition;
    this.place = new TopicPartition(settings.alerts, 0);
    this.epoch = epoch;
  }

  /** Whether all of this epoch was there already. */
  boolean skipped() {
    return skipped;
  }

  @Override
  protected Producer<byte[], byte[]> producer() {
    if (!begun && !skipped) {
      begin();
    }
    return skipped ? null : producer;
  }

  private void begin() {
    Kept kept;
    synchronized (PRODUCERS) {
      kept = PRODUCERS.remove(id);
    }
    if (kept == null) {
      producer = broker.producer(id);
      producer.initTransactions(); // fences others, and ends what they have begun
      kept = new Kept(producer, broker.committed(id, place) - 1);
    }
    producer = kept.producer;
    if (kept.lastEpoch >= epoch) {
      skipped = true;
      keep(kept);
      return;
    }
    producer.beginTransaction();
    begun = true;
    // Two questions to the broker, whose answers come while the results are still being made.
    Producer<byte[], byte[]> mine = producer;
    Map<TopicPartition, OffsetAndMetadata> offset = Map.of(place, new OffsetAndMetadata(epoch + 1, "bank-spark/1 epoch=" + epoch));
    recorded = RECORDERS.submit(() -> mine.sendOffsetsToTransaction(offset, new ConsumerGroupMetadata(id)));
  }

  private static Thread daemon(Runnable work) {
    Thread made = new Thread(work, "bank-record-epoch");
    made.setDaemon(true);
    return made;
  }

  @Override
  void commit() {
    if (!begun) {
      return; // there was nothing to write, so nothing can be repeated
    }
    awaitRecorded();
    producer.commitTransaction(); // throws if any record was refused
    begun = false;
    keep(new Kept(producer, epoch));
  }

  private void awaitRecorded() {
    try {
      recorded.get();
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KafkaException told ? told : new KafkaException("cannot record an epoch: " + e.getCause().getMessage(), e.getCause());
    }
  }

  /** Whether the transaction went through may be unknown; the next attempt's initTransactions() brings that to an end. */
  @Override
  void abort() {
    if (producer != null) {
      producer.close(AT_ONCE);
      producer = null;
    }
  }

  @Override
  protected byte[] alertKey(Outputs alert) {
    return alert.key();
  }

  private void keep(Kept kept) {
    producer = null;
    Kept oldest = null;
    synchronized (PRODUCERS) {
      Kept other = PRODUCERS.put(id, kept); // of an attempt of this same epoch; the one that was here first is fenced
      if (other != null) {
        oldest = other;
      } else if (PRODUCERS.size() > KEPT) {
        oldest = PRODUCERS.remove(PRODUCERS.keySet().iterator().next());
      }
    }
    if (oldest != null) {
      oldest.producer.close(AT_ONCE);
    }
  }
}

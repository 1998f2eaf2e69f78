package bank.spark;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;

/**
 * A range of a partition's records, in order. The consumer is this process's, kept from batch to batch with what it has
 * fetched already: where the next range begins at the end of this one, it goes on, and what the broker sends meanwhile is
 * there then. (Spark's own asks the broker, after each poll, where the partition begins and ends, and can't be fetching then.)
 *
 * <p>A range that the log no longer holds ends in Kafka's OffsetOutOfRangeException: the consumer is not to reset itself.
 */
final class PartitionConsumer implements AutoCloseable {
  /** Makes a consumer by its properties. */
  interface Maker {
    Consumer<ByteBuffer, ByteBuffer> make(Map<String, Object> properties);
  }

  private record Key(TopicPartition place, Map<String, Object> properties) {}

  /** {@code low} is behind what was taken; records[at] is the next one that there is, else the consumer's position. */
  private static final class Kept {
    final Consumer<ByteBuffer, ByteBuffer> consumer;
    List<ConsumerRecord<ByteBuffer, ByteBuffer>> records = List.of();
    int at;
    long low;
    long position;
    long givenBackNanos;

    Kept(Consumer<ByteBuffer, ByteBuffer> consumer) {
      this.consumer = consumer;
    }

    boolean holds(long from) {
      return low <= from && from <= (at < records.size() ? records.get(at).offset() : position);
    }
  }

  private static final long IDLE_NANOS = 300_000_000_000L;
  private static final Duration A_WHILE = Duration.ofMillis(500);
  private static final int MOST_KEPT = 64; // each may have fetched max.partition.fetch.bytes
  private static final Map<Key, Kept> KEPT = new LinkedHashMap<>(); // given back longest ago first

  private final Key key;
  private final long until;
  private final long timeoutMs;
  private Kept kept;
  private boolean spoilt = true; // until all is well

  /**
   * Of the records from {@code from} up to {@code until}, that one excluded.
   *
   * @param properties the consumer's, without deserializers
   * @param timeoutMs how long to wait for a record
   */
  PartitionConsumer(TopicPartition place, long from, long until, Map<String, Object> properties, long timeoutMs) {
    this(place, from, until, properties, timeoutMs, PartitionConsumer::real);
  }

  PartitionConsumer(TopicPartition place, long from, long until, Map<String, Object> properties, long timeoutMs, Maker maker) {
    this.key = new Key(place, properties);
    this.until = until;
    this.timeoutMs = timeoutMs;
    synchronized (KEPT) {
      kept = KEPT.remove(key);
    }
    if (kept == null) {
      kept = new Kept(maker.make(properties));
      kept.consumer.assign(List.of(place));
      kept.low = -1;
      kept.position = -1;
    }
    if (!kept.holds(from)) {
      kept.records = List.of();
      kept.at = 0;
      kept.consumer.seek(place, from);
      kept.position = from;
    }
    kept.low = from;
    spoilt = false;
  }

  private static Consumer<ByteBuffer, ByteBuffer> real(Map<String, Object> properties) {
    Map<String, Object> all = new HashMap<>(properties);
    all.remove("key.deserializer");
    all.remove("value.deserializer");
    return new KafkaConsumer<>(all, new ByteBufferDeserializer(), new ByteBufferDeserializer());
  }

  /** The next record; null behind the last. Its key and value are good until the next call. */
  ConsumerRecord<ByteBuffer, ByteBuffer> next() {
    while (kept.at == kept.records.size()) {
      if (kept.position >= until) {
        return null; // what is left of the range are marks of transactions
      }
      poll();
    }
    ConsumerRecord<ByteBuffer, ByteBuffer> record = kept.records.get(kept.at);
    if (record.offset() >= until) {
      return null;
    }
    ++kept.at;
    kept.low = record.offset() + 1;
    return record;
  }

  private void poll() {
    spoilt = true;
    long before = kept.position;
    long end = System.nanoTime() + timeoutMs * 1_000_000;
    do {
      kept.records = kept.consumer.poll(A_WHILE).records(key.place);
      kept.at = 0;
      kept.position = kept.consumer.position(key.place);
      if (kept.position > before) {
        spoilt = false;
        return;
      }
    } while (System.nanoTime() < end);
    throw new TimeoutException("no record of " + key.place + " from offset " + before + " on within " + timeoutMs + " ms");
  }

  @Override
  public void close() {
    if (kept == null) {
      return;
    }
    Kept mine = kept;
    kept = null;
    if (spoilt) {
      mine.consumer.close(Duration.ZERO);
      return;
    }
    mine.givenBackNanos = System.nanoTime();
    synchronized (KEPT) {
      Kept other = KEPT.put(key, mine); // of another attempt of the same task
      if (other != null) {
        other.consumer.close(Duration.ZERO);
      }
      Iterator<Kept> oldest = KEPT.values().iterator();
      Kept idle = oldest.next();
      while (KEPT.size() > MOST_KEPT || mine.givenBackNanos - idle.givenBackNanos > IDLE_NANOS) {
        oldest.remove();
        idle.consumer.close(Duration.ZERO);
        idle = oldest.next();
      }
    }
  }
}

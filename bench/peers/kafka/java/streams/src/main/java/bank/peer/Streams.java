package bank.peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * `Streams BROKER TOPIC ALERTS_TOPIC NAME RECORDS FOLDER`: the seed rules in Kafka Streams, exactly once, until RECORDS are
 * committed. The histories are in memory, with the changelog topic that Kafka Streams recovers them from.
 */
public final class Streams {
  private static final AtomicLong firstNanos = new AtomicLong();
  private static final AtomicLong processed = new AtomicLong();

  private static final class Rules implements Processor<String, byte[], String, byte[]> {
    private static final long[] NOTHING = {};
    private final ObjectReader reader = new ObjectMapper().readerFor(Transaction.class);
    private final ObjectWriter writer = new ObjectMapper().writerFor(Alert.class);
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, long[]> histories;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
      this.context = context;
      histories = context.getStateStore("histories");
    }

    @Override
    public void process(Record<String, byte[]> record) {
      if (firstNanos.get() == 0) firstNanos.compareAndSet(0, System.nanoTime());
      try {
        Transaction transaction = reader.readValue(record.value());
        long time = transaction.timeMicros();
        long[] history = histories.get(transaction.account_number);
        if (history == null) history = NOTHING;
        histories.put(transaction.account_number, SeedRules.remember(history, time));
        SeedRules.judge(transaction, SeedRules.recent(history, time), alert -> context.forward(record.withValue(bytes(alert))));
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
      processed.incrementAndGet();
    }

    private byte[] bytes(Alert alert) {
      try {
        return writer.writeValueAsBytes(alert);
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  }

  private static Serde<long[]> times() {
    return Serdes.serdeFrom(
        (topic, times) -> {
          if (times == null) return null;
          ByteBuffer bytes = ByteBuffer.allocate(times.length * Long.BYTES);
          bytes.asLongBuffer().put(times);
          return bytes.array();
        },
        (topic, bytes) -> {
          if (bytes == null) return null;
          long[] times = new long[bytes.length / Long.BYTES];
          ByteBuffer.wrap(bytes).asLongBuffer().get(times);
          return times;
        });
  }

  private static Topology topology(String from, String to) {
    Topology topology = new Topology();
    topology.addSource("transactions", new StringDeserializer(), new ByteArrayDeserializer(), from);
    topology.addProcessor("rules", Rules::new, "transactions");
    topology.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("histories"), Serdes.String(), times()), "rules");
    topology.addSink("alerts", to, new StringSerializer(), new ByteArraySerializer(), "rules");
    return topology;
  }

  private static Properties settings(String broker, String name, String folder) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, name);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, broker);
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
    settings.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, folder);
    settings.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
    return settings;
  }

  private static long committed(Admin admin, String group, String topic) throws Exception {
    Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
    long sum = 0;
    for (Map.Entry<TopicPartition, OffsetAndMetadata> each : offsets.entrySet()) {
      if (each.getKey().topic().equals(topic) && each.getValue() != null) sum += each.getValue().offset();
    }
    return sum;
  }

  public static void main(String[] arguments) throws Exception {
    String broker = arguments[0], from = arguments[1], to = arguments[2], name = arguments[3], folder = arguments[5];
    long records = Long.parseLong(arguments[4]);
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker))) {
      KafkaStreams streams = new KafkaStreams(topology(from, to), settings(broker, name, folder));
      streams.start();
      while (processed.get() < records || committed(admin, name, from) < records) {
        if (streams.state().hasCompletedShutdown()) throw new IllegalStateException("Kafka Streams has ended before its time");
        Thread.sleep(5);
      }
      double seconds = (System.nanoTime() - firstNanos.get()) / 1e9;
      System.out.println("{\"records\": " + records + ", \"seconds\": " + seconds + "}");
      streams.close();
    }
  }
}

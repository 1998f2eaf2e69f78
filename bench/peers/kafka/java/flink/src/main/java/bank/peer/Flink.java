package bank.peer;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.serialization.AbstractDeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * `Flink BROKER TOPIC ALERTS_TOPIC NAME RECORDS FOLDER`: the seed rules in Flink on a cluster within this process, exactly once,
 * until the end that the topic has at the start. Alerts are visible after a checkpoint, of which there is one a second.
 */
public final class Flink {
  private static final AtomicLong firstNanos = new AtomicLong();

  private static final class Decode extends AbstractDeserializationSchema<Transaction> {
    private transient ObjectReader reader;

    Decode() {
      super(Transaction.class);
    }

    @Override
    public void open(InitializationContext context) {
      reader = new ObjectMapper().readerFor(Transaction.class);
    }

    @Override
    public Transaction deserialize(byte[] message) throws IOException {
      if (firstNanos.get() == 0) firstNanos.compareAndSet(0, System.nanoTime());
      return reader.readValue(message);
    }
  }

  private static final class Rules extends KeyedProcessFunction<String, Transaction, Alert> {
    private transient ListState<Long> times;

    @Override
    public void open(OpenContext context) {
      times = getRuntimeContext().getListState(new ListStateDescriptor<>("times", Types.LONG));
    }

    @Override
    public void processElement(Transaction transaction, Context context, Collector<Alert> alerts) throws Exception {
      List<Long> kept = new ArrayList<>();
      for (Long each : times.get()) kept.add(each);
      long[] history = kept.stream().mapToLong(Long::longValue).toArray();
      long time = transaction.timeMicros();
      long[] next = SeedRules.remember(history, time);
      if (next.length == history.length + 1) {
        times.add(time);
      } else {
        kept.clear();
        for (long each : next) kept.add(each);
        times.update(kept);
      }
      SeedRules.judge(transaction, SeedRules.recent(history, time), alerts::collect);
    }
  }

  private static final class Encode implements SerializationSchema<Alert> {
    private transient ObjectWriter writer;

    @Override
    public void open(InitializationContext context) {
      writer = new ObjectMapper().writerFor(Alert.class);
    }

    @Override
    public byte[] serialize(Alert alert) {
      try {
        return writer.writeValueAsBytes(alert);
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  }

  private static final class Key implements SerializationSchema<Alert> {
    @Override
    public byte[] serialize(Alert alert) {
      return alert.account_number.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }
  }

  public static void main(String[] arguments) throws Exception {
    String broker = arguments[0], from = arguments[1], to = arguments[2], name = arguments[3], folder = arguments[5];
    Configuration settings = new Configuration();
    settings.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
    settings.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, "file://" + folder + "/checkpoints");
    StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(2, settings);
    environment.enableCheckpointing(1000);
    environment.getConfig().enableObjectReuse();

    KafkaSource<Transaction> source = KafkaSource.<Transaction>builder()
        .setBootstrapServers(broker)
        .setTopics(from)
        .setGroupId(name)
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setBounded(OffsetsInitializer.latest())
        .setProperty("isolation.level", "read_committed")
        .setValueOnlyDeserializer(new Decode())
        .build();
    KafkaSink<Alert> sink = KafkaSink.<Alert>builder()
        .setBootstrapServers(broker)
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(name)
        .setProperty("transaction.timeout.ms", "600000")
        .setProperty("compression.type", "lz4")
        .setRecordSerializer(KafkaRecordSerializationSchema.<Alert>builder()
            .setTopic(to)
            .setKeySerializationSchema(new Key())
            .setValueSerializationSchema(new Encode())
            .build())
        .build();
    environment.fromSource(source, WatermarkStrategy.noWatermarks(), "transactions")
        .keyBy(transaction -> transaction.account_number)
        .process(new Rules())
        .sinkTo(sink);
    environment.execute(name);
    double seconds = (System.nanoTime() - firstNanos.get()) / 1e9;
    System.out.println("{\"records\": " + arguments[4] + ", \"seconds\": " + seconds + "}");
    System.exit(0);  // threads of the cluster would keep it
  }
}

package bank.spark;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SinkTest {
  private static final int PARTITION = 3;
  private static final TopicPartition PLACE = new TopicPartition("alerts", 0);

  /** Remembers what has been committed, as a broker does. */
  private static final class Broker implements ExactlyOnceSink.Broker {
    final List<MockProducer<byte[], byte[]>> producers = new ArrayList<>();
    long recorded = -1;
    RuntimeException refusal;

    @Override
    public Producer<byte[], byte[]> producer(String transactionalId) {
      MockProducer<byte[], byte[]> made = SinkTest.producer();
      made.sendOffsetsToTransactionException = refusal;
      producers.add(made);
      return made;
    }

    @Override
    public long committed(String group, TopicPartition partition) {
      assertTrue(producers.get(producers.size() - 1).transactionInitialized(), "who was there before must be fenced by now");
      return recorded;
    }

    MockProducer<byte[], byte[]> last() {
      return producers.get(producers.size() - 1);
    }
  }

  private final String query = UUID.randomUUID().toString(); // producers are kept by their query
  private final Broker broker = new Broker();
  private KafkaSettings settings;

  @BeforeEach
  void read(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("settings.json");
    Map<String, String> stream = Map.of("bootstrap_servers", "none:1", "topic", "tx", "alerts_topic", "alerts", "processed_topic", "done");
    Files.write(file, new ObjectMapper().writeValueAsBytes(Map.of("stream", stream)));
    settings = new KafkaSettings(Settings.read(file).below("stream"));
  }

  private static MockProducer<byte[], byte[]> producer() {
    return new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private ExactlyOnceSink sink(long epoch) {
    return new ExactlyOnceSink(settings, broker, query, PARTITION, epoch);
  }

  private static void send(PartitionSink sink) {
    Outputs outputs =
        new Outputs(
            new Messages()
                .alert("ACC-1", "{\"alert_id\": \"T\\u00e9:R\"}", 2, 40)
                .processed("ACC-1", "{}", 2, 40)
                .deadLetter("k", "not json", "bad_json", "what", 2, 41)
                .bytes());
    while (outputs.next()) {
      sink.send(outputs);
    }
  }

  @Test
  void theRecordsAndTheEpochAreCommittedTogether() {
    ExactlyOnceSink sink = sink(7);
    send(sink);
    assertTrue(broker.last().history().isEmpty());
    sink.commit();
    assertFalse(sink.skipped());
    assertEquals(List.of("alerts", "done", "tx.dlq"), broker.last().history().stream().map(ProducerRecord::topic).toList());
    Map<TopicPartition, OffsetAndMetadata> offsets = broker.last().consumerGroupOffsetsHistory().get(0).get("bank-spark-" + query + "-" + PARTITION);
    assertEquals(8, offsets.get(PLACE).offset());
    assertEquals("bank-spark/1 epoch=7", offsets.get(PLACE).metadata());
  }

  @Test
  void aDeadLetterSaysWhereItWas() {
    ExactlyOnceSink sink = sink(7);
    send(sink);
    sink.commit();
    List<String> headers = new ArrayList<>();
    broker.last().history().get(2).headers().forEach(header -> headers.add(header.key() + "=" + new String(header.value(), UTF_8)));
    assertEquals(
        List.of(
            "__streams.errors.exception=bad_json",
            "__streams.errors.message=what",
            "__streams.errors.topic=tx",
            "__streams.errors.partition=2",
            "__streams.errors.offset=41"),
        headers);
  }

  @Test
  void anEpochThatIsRecordedIsNotWrittenAgain() {
    broker.recorded = 8;
    ExactlyOnceSink sink = sink(7);
    send(sink);
    sink.commit();
    assertTrue(sink.skipped());
    assertTrue(broker.last().history().isEmpty());
    assertTrue(broker.last().consumerGroupOffsetsHistory().isEmpty());
  }

  @Test
  void theProducerIsKeptForTheNextEpochAndKnowsTheLast() {
    ExactlyOnceSink sink = sink(7);
    send(sink);
    sink.commit();
    ExactlyOnceSink again = sink(7);
    send(again);
    again.commit();
    assertTrue(again.skipped());
    ExactlyOnceSink next = sink(8);
    send(next);
    next.commit();
    assertFalse(next.skipped());
    assertEquals(1, broker.producers.size());
    assertEquals(6, broker.last().history().size());
  }

  @Test
  void aProducerThatFailedIsNotUsedAgain() {
    ExactlyOnceSink sink = sink(7);
    send(sink);
    sink.commit();
    MockProducer<byte[], byte[]> first = broker.last();
    first.fenceProducer();
    ExactlyOnceSink fenced = sink(8);
    assertThrows(KafkaException.class, () -> send(fenced));
    fenced.abort();
    assertTrue(first.closed());
    broker.recorded = 8;
    ExactlyOnceSink retried = sink(8);
    send(retried);
    retried.commit();
    assertNotSame(first, broker.last());
    assertEquals(3, broker.last().history().size());
  }

  @Test
  void anEpochThatCannotBeRecordedIsNotCommitted() {
    ExactlyOnceSink sink = sink(7);
    broker.refusal = new ProducerFencedException("somebody else is here");
    send(sink);
    assertSame(ProducerFencedException.class, assertThrows(KafkaException.class, sink::commit).getClass());
    assertTrue(broker.last().history().isEmpty());
    sink.abort();
    assertTrue(broker.last().closed());
  }

  @Test
  void whereThereIsNothingToWriteNoTransactionIsBegun() {
    ExactlyOnceSink sink = sink(7);
    sink.commit();
    assertTrue(broker.producers.isEmpty());
  }

  @Test
  void atLeastOnceHasAnAlertsIdAsItsKey() {
    MockProducer<byte[], byte[]> producer = producer();
    AtLeastOnceSink sink = new AtLeastOnceSink(settings, producer);
    send(sink);
    sink.commit();
    assertEquals("T\u00e9:R", new String(producer.history().get(0).key(), UTF_8));
    assertEquals("ACC-1", new String(producer.history().get(1).key(), UTF_8));
  }

  @Test
  void aRefusedRecordFailsTheTask() {
    MockProducer<byte[], byte[]> producer = new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer());
    AtLeastOnceSink sink = new AtLeastOnceSink(settings, producer);
    send(sink);
    producer.errorNext(new RecordTooLargeException("too large"));
    producer.completeNext();
    producer.completeNext();
    KafkaException told = assertThrows(KafkaException.class, sink::commit);
    assertSame(RecordTooLargeException.class, told.getCause().getClass());
  }
}

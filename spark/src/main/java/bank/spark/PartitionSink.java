package bank.spark;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/** Takes what a partition of a batch came to, and writes it to Kafka, each kind to its topic. */
abstract class PartitionSink {
  private static final String ERRORS = "__streams.errors."; // headers as Kafka Streams writes them (KIP-1034)

  private final KafkaSettings settings;
  private volatile Exception refused;
  private final Callback callback =
      (metadata, error) -> {
        if (error != null && refused == null) {
          refused = error;
        }
      };

  PartitionSink(KafkaSettings settings) {
    this.settings = settings;
  }

  /** The producer to write through; null if all of this batch is there already. */
  protected abstract Producer<byte[], byte[]> producer();

  /** Makes all that was written visible. */
  abstract void commit();

  /** Leaves nothing visible behind, if that can be had; called instead of commit(). */
  abstract void abort();

  /** The key of an alert. */
  protected abstract byte[] alertKey(Outputs alert);

  /** Writes the output that {@code outputs} stands at. */
  final void send(Outputs outputs) {
    Producer<byte[], byte[]> producer = producer();
    if (producer == null) {
      return;
    }
    ProducerRecord<byte[], byte[]> record =
        switch (outputs.kind()) {
          case Outputs.ALERT -> new ProducerRecord<>(settings.alerts, alertKey(outputs), outputs.value());
          case Outputs.PROCESSED -> new ProducerRecord<>(settings.processed, outputs.key(), outputs.value());
          case Outputs.DEAD_LETTER -> new ProducerRecord<>(settings.deadLetters, null, outputs.key(), outputs.value(), headers(outputs));
          default -> throw new BorderException("there is no kind of output " + outputs.kind());
        };
    producer.send(record, callback);
    check();
  }

  /** Throws if a record could not be written. */
  protected final void check() {
    if (refused != null) {
      throw new KafkaException("cannot write to Kafka: " + refused.getMessage(), refused);
    }
  }

  private List<Header> headers(Outputs letter) {
    return List.of(
        new RecordHeader(ERRORS + "exception", letter.exception()),
        new RecordHeader(ERRORS + "message", letter.message()),
        new RecordHeader(ERRORS + "topic", bytes(settings.transactions)),
        new RecordHeader(ERRORS + "partition", bytes(Integer.toString(letter.partition()))),
        new RecordHeader(ERRORS + "offset", bytes(Long.toString(letter.number()))));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}

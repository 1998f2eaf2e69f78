package bank.spark;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.producer.Producer;

/**
 * Writes without transactions, sooner and with less work; a batch that is run again is written again. An alert's key is its
 * id, which is the same then, so that a consumer (or a compacted topic) can drop the repeat.
 */
final class AtLeastOnceSink extends PartitionSink {
  private static final JsonFactory JSON = new JsonFactory();

  private final Producer<byte[], byte[]> producer;

  /** {@code producer}: may be shared by all tasks of a process; it is not closed here. */
  AtLeastOnceSink(KafkaSettings settings, Producer<byte[], byte[]> producer) {
    super(settings);
    this.producer = producer;
  }

  @Override
  protected Producer<byte[], byte[]> producer() {
    return producer;
  }

  @Override
  void commit() {
    producer.flush();
    check();
  }

  @Override
  void abort() {
    // What was written stays.
  }

  @Override
  protected byte[] alertKey(Outputs alert) {
    byte[] value = alert.value();
    try (JsonParser parser = JSON.createParser(value)) {
      while (parser.nextToken() != null) {
        if (parser.currentToken() == JsonToken.FIELD_NAME && parser.currentName().equals("alert_id")) {
          return parser.nextTextValue().getBytes(StandardCharsets.UTF_8);
        }
      }
    } catch (IOException e) {
      throw new BorderException("an alert is no JSON: " + e.getMessage());
    }
    throw new BorderException("an alert without alert_id");
  }
}

package bank.spark;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/** Where results go, and how: what the writers on the executors need. */
final class KafkaSettings implements Serializable {
  private static final long serialVersionUID = 1L;

  /** How results are written. */
  enum Sink {
    EXACTLY_ONCE,
    AT_LEAST_ONCE,
    NONE
  }

  final Sink sink;
  final String servers;
  final String transactions;
  final String alerts;
  /** Empty: transactions are not written with what became of them. */
  final String processed;
  final String deadLetters;
  /** Of any Kafka client: security. */
  final HashMap<String, String> client;
  /** Of producers alone. */
  final HashMap<String, String> producer;

  KafkaSettings(Settings stream) {
    servers = stream.text("bootstrap_servers");
    transactions = stream.text("topic");
    sink = sinkOf(stream.text("sink", "exactly-once"));
    alerts = sink == Sink.NONE ? "" : stream.text("alerts_topic");
    processed = stream.text("processed_topic", "");
    deadLetters = stream.text("dead_letter_topic", transactions + ".dlq");
    client = new HashMap<>(stream.map("kafka"));
    producer = new HashMap<>(stream.map("producer"));
  }

  private static Sink sinkOf(String name) {
    return switch (name) {
      case "exactly-once" -> Sink.EXACTLY_ONCE;
      case "at-least-once" -> Sink.AT_LEAST_ONCE;
      case "none" -> Sink.NONE;
      default -> throw new Failure("settings", "there is no sink " + name, "there are exactly-once, at-least-once and none");
    };
  }

  /** Of a client that asks about topics and groups. */
  Map<String, Object> forAdmin() {
    Map<String, Object> all = new HashMap<>(client);
    all.put("bootstrap.servers", servers);
    return all;
  }

  /** Of a producer; {@code transactionalId}: null for one without transactions. */
  Map<String, Object> forProducer(String transactionalId) {
    Map<String, Object> all = new HashMap<>(forAdmin());
    all.put("compression.type", "lz4");
    all.put("linger.ms", "5");
    all.put("batch.size", "262144");
    all.put("max.request.size", "1000000000"); // the topics' own limits count
    all.put("buffer.memory", "67108864");
    all.put("acks", "all");
    if (transactionalId != null) {
      // So long, at most, a dead task's open transaction holds back whoever reads the results: until it is run again.
      all.put("transaction.timeout.ms", "120000");
    }
    all.putAll(producer);
    all.put("enable.idempotence", "true");
    if (transactionalId != null) {
      all.put("transactional.id", transactionalId);
    }
    return all;
  }
}

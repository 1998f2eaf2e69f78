package bank.spark;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A real Kafka, with the clients that this process shares. */
final class KafkaBroker implements ExactlyOnceSink.Broker {
  private static final int ANSWER_S = 30;
  private static final Map<Map<String, Object>, Admin> ADMINS = new HashMap<>();
  private static final Map<Map<String, Object>, Producer<byte[], byte[]>> SHARED = new HashMap<>();

  private final KafkaSettings settings;

  KafkaBroker(KafkaSettings settings) {
    this.settings = settings;
  }

  @Override
  public Producer<byte[], byte[]> producer(String transactionalId) {
    return new KafkaProducer<>(settings.forProducer(transactionalId), new ByteArraySerializer(), new ByteArraySerializer());
  }

  /** One without transactions, for all tasks of this process. */
  Producer<byte[], byte[]> sharedProducer() {
    synchronized (SHARED) {
      return SHARED.computeIfAbsent(settings.forProducer(null), key -> producer(null));
    }
  }

  @Override
  public long committed(String group, TopicPartition partition) {
    ListConsumerGroupOffsetsOptions stable = new ListConsumerGroupOffsetsOptions().requireStable(true);
    OffsetAndMetadata found =
        answer(admin().listConsumerGroupOffsets(group, stable).partitionsToOffsetAndMetadata()).get(partition);
    return found == null ? -1 : found.offset();
  }

  /** Fails where Kafka can't be reached, or one of the topics is not there. */
  void check(List<String> topics) {
    var described = admin().describeTopics(topics).topicNameValues();
    for (String topic : topics) {
      try {
        answer(described.get(topic));
      } catch (KafkaException e) {
        if (e.getCause() instanceof UnknownTopicOrPartitionException) {
          throw new Failure("topic_missing", "there is no topic " + topic + " on " + settings.servers, "create it: bank topics create");
        }
        throw new Failure(
            "kafka_unreachable", "no answer from Kafka at " + settings.servers + ": " + e.getMessage(), "is the broker up? make kafka-status");
      }
    }
  }

  private Admin admin() {
    synchronized (ADMINS) {
      return ADMINS.computeIfAbsent(settings.forAdmin(), Admin::create);
    }
  }

  private static <T> T answer(KafkaFuture<T> future) {
    try {
      return future.get(ANSWER_S, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    } catch (TimeoutException e) {
      throw new org.apache.kafka.common.errors.TimeoutException("no answer within " + ANSWER_S + " s");
    } catch (ExecutionException e) {
      throw new KafkaException(e.getCause().getMessage(), e.getCause());
    }
  }
}

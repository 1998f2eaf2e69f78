package bank.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.consumer.OffsetResetStrategy;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PartitionConsumerTest {
  private static final TopicPartition PLACE = new TopicPartition("t", 0);
  private static int tests;

  private final List<Mock> made = new ArrayList<>();
  private Map<String, Object> properties;

  private static final class Mock extends MockConsumer<ByteBuffer, ByteBuffer> {
    private int seeks;

    Mock() {
      super(OffsetResetStrategy.NONE);
      updateBeginningOffsets(Map.of(PLACE, 0L));
    }

    void hold(long... offsets) {
      schedulePollTask(
          () -> {
            for (long offset : offsets) {
              addRecord(new ConsumerRecord<>("t", 0, offset, null, ByteBuffer.allocate(1)));
            }
          });
    }

    /** What only marks of transactions take. */
    void pass(long position) {
      schedulePollTask(() -> super.seek(PLACE, position));
    }

    @Override
    public synchronized void seek(TopicPartition place, long offset) {
      ++seeks;
      super.seek(place, offset);
    }
  }

  @BeforeEach
  void anotherQuery() {
    properties = Map.of("group.id", "query-" + tests++);
  }

  private PartitionConsumer range(long from, long until) {
    return new PartitionConsumer(PLACE, from, until, properties, 50, all -> made.get(made.size() - 1));
  }

  private Mock broker() {
    made.add(new Mock());
    return made.get(made.size() - 1);
  }

  private List<Long> offsets(long from, long until) {
    List<Long> found = new ArrayList<>();
    try (PartitionConsumer records = range(from, until)) {
      for (ConsumerRecord<ByteBuffer, ByteBuffer> record = records.next(); record != null; record = records.next()) {
        found.add(record.offset());
      }
    }
    return found;
  }

  @Test
  void rangesThatFollowEachOtherAreReadByOneConsumerWithoutASeek() {
    Mock broker = broker();
    broker.hold(0, 1, 2, 3, 4);
    assertEquals(List.of(0L, 1L, 2L), offsets(0, 3));
    assertEquals(List.of(3L), offsets(3, 4));
    broker.hold(5, 6);
    assertEquals(List.of(4L, 5L, 6L), offsets(4, 7));
    assertEquals(1, broker.seeks);
    assertFalse(broker.closed());
  }

  @Test
  void anotherBeginningIsSought() {
    Mock broker = broker();
    broker.hold(0, 1, 2);
    assertEquals(List.of(0L, 1L), offsets(0, 2));
    broker.hold(0, 1, 2); // a batch that is run again
    assertEquals(List.of(0L, 1L), offsets(0, 2));
    broker.hold(7, 8);
    assertEquals(List.of(7L), offsets(7, 8));
    assertEquals(3, broker.seeks);
  }

  @Test
  void whatAnAttemptLeftIsReadAgain() {
    Mock broker = broker();
    broker.hold(0, 1, 2);
    try (PartitionConsumer records = range(0, 3)) {
      assertEquals(0, records.next().offset());
    }
    broker.hold(0, 1, 2);
    assertEquals(List.of(0L, 1L, 2L), offsets(0, 3));
  }

  @Test
  void marksOfTransactionsAreNoRecords() {
    Mock broker = broker();
    broker.hold(0, 1);
    broker.pass(4);
    assertEquals(List.of(0L, 1L), offsets(0, 4));
    broker.hold(6);
    assertEquals(List.of(6L), offsets(4, 7), "nothing is at 4 and 5");
    broker.pass(9);
    assertEquals(List.of(), offsets(7, 8));
    broker.hold(10);
    assertEquals(List.of(), offsets(8, 10), "marks up to 9, and then what is of the next range");
    assertEquals(List.of(10L), offsets(10, 11));
    assertEquals(1, broker.seeks);
  }

  @Test
  void recordsThatAreGoneAreAnError() {
    Mock broker = broker();
    broker.updateBeginningOffsets(Map.of(PLACE, 5L));
    broker.hold(5, 6);
    assertThrows(OffsetOutOfRangeException.class, () -> offsets(0, 7));
    assertTrue(broker.closed());
    broker().hold(5, 6);
    assertEquals(List.of(5L, 6L), offsets(5, 7), "by a new consumer");
  }

  @Test
  void aBrokerThatSaysNothingIsNotWaitedForForEver() {
    Mock broker = broker();
    broker.hold(0);
    assertThrows(TimeoutException.class, () -> offsets(0, 2));
    assertTrue(broker.closed());
  }
}

package bank.spark;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OutputsTest {
  private static final byte[] MESSAGE =
      new Messages()
          .alert("ACC-1", "{\"alert_id\": \"T\\u00e9:R\"}", 3, 40)
          .processed("ACC-1", "{}", 3, 40)
          .deadLetter(null, "not json", "bad_json", "what: bad_json", 3, 41)
          .bytes();

  @Test
  void theOutputsComeInOrderWithAllThatTheyHave() {
    Outputs outputs = new Outputs(MESSAGE);
    assertTrue(outputs.next());
    assertEquals(Outputs.ALERT, outputs.kind());
    assertEquals("ACC-1", new String(outputs.key(), UTF_8));
    assertEquals("{\"alert_id\": \"T\\u00e9:R\"}", outputs.text());
    assertEquals(3, outputs.partition());
    assertEquals(40, outputs.number());
    assertTrue(outputs.next());
    assertEquals(Outputs.PROCESSED, outputs.kind());
    assertArrayEquals("{}".getBytes(UTF_8), outputs.value());
    assertTrue(outputs.next());
    assertEquals(Outputs.DEAD_LETTER, outputs.kind());
    assertNull(outputs.key());
    assertEquals("not json", outputs.text());
    assertEquals("bad_json", new String(outputs.exception(), UTF_8));
    assertEquals("what: bad_json", new String(outputs.message(), UTF_8));
    assertFalse(outputs.next());
  }

  @Test
  void countsAddUp() {
    Counts counts = new Counts();
    new Outputs(MESSAGE).addTo(counts);
    new Outputs(MESSAGE).addTo(counts);
    assertEquals(2 * (1 + 2 + 4), counts.records());
    assertEquals(10, counts.alerts);
    assertArrayEquals(new long[] {12, 14, 16}, counts.decisions);
    assertArrayEquals(new long[] {20, 22}, counts.byRule);
    assertArrayEquals(new long[] {24, 26, 28}, counts.byReason);
    Counts more = new Counts();
    more.add(counts);
    more.add(counts);
    assertArrayEquals(new long[] {40, 44}, more.byRule);
  }

  @Test
  void whatIsNoMessageIsRefused() {
    assertThrows(BorderException.class, () -> new Outputs(Arrays.copyOf(MESSAGE, MESSAGE.length - 1)));
    assertThrows(BorderException.class, () -> new Outputs("{}".getBytes(UTF_8)));
    assertFalse(Outputs.isMessage("{}".getBytes(UTF_8)));
    assertTrue(Outputs.isMessage(MESSAGE));
  }
}

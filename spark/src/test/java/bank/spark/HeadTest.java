package bank.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class HeadTest {
  private static final long MIB = 1 << 20;

  private static Head head(int pieces, long next, long snapshotBytes, long deltaBytes) {
    byte[] token = new byte[Token.BYTES];
    Arrays.fill(token, (byte) 7);
    return new Head(-3, token, 100, pieces, next, snapshotBytes, deltaBytes);
  }

  @Test
  void itComesBackAsItWas() {
    Head head = head(2, 140, 5 * MIB, 9 * MIB);
    Head back = Head.decode(head.encode());
    assertArrayEquals(head.token(), back.token());
    assertEquals(head.toString().replaceAll("token=[^,]*", ""), back.toString().replaceAll("token=[^,]*", ""));
  }

  @Test
  void whatIsNoHeadIsRefused() {
    byte[] head = head(0, 100, 0, 0).encode();
    assertThrows(StateException.class, () -> Head.decode(Arrays.copyOf(head, head.length - 1)));
    assertThrows(StateException.class, () -> Head.decode(new byte[0]));
    head[3] = 2; // another format
    assertThrows(StateException.class, () -> Head.decode(head));
  }

  @Test
  void theLogIsLongWhenItIsMuchMoreThanASnapshotWouldBe() {
    assertFalse(head(0, 101, 0, 4 * MIB).longLog());
    assertTrue(head(0, 101, 0, 4 * MIB + 1).longLog());
    assertFalse(head(2, 110, 5 * MIB, 20 * MIB).longLog());
    assertTrue(head(2, 110, 5 * MIB, 20 * MIB + 1).longLog());
    assertTrue(head(2, 100 + 2 + 4097, 5 * MIB, 1).longLog(), "many small chunks");
  }

  @Test
  void theSnapshotIsOutlivedWhenMuchLessIsHeldThanThen() {
    assertFalse(head(9, 110, 40 * MIB, 0).outlived(20 * MIB, 0));
    assertTrue(head(9, 110, 40 * MIB, 0).outlived(20 * MIB - 1, 0));
    assertFalse(head(1, 110, 4 * MIB, 0).outlived(0, 0), "a small one may stay");
  }

  @Test
  void aSnapshotThatIsLongerThanWhatItIsOfIsNotTakenAgainAndAgain() {
    assertFalse(head(9, 110, 40 * MIB, 0).outlived(10 * MIB, 10 * MIB));
    assertFalse(head(9, 110, 40 * MIB, 0).outlived(5 * MIB, 10 * MIB));
    assertTrue(head(9, 110, 40 * MIB, 0).outlived(5 * MIB - 1, 10 * MIB));
  }
}

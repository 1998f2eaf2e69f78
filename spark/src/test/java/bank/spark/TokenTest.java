package bank.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class TokenTest {
  private static final byte[] FIRST = Chunks.accepted(0, 10, 77);
  private static final byte[] SECOND = Chunks.accepted(1, 5, 78);

  private static byte[] token(byte[] before, byte[]... chunks) {
    Token token = new Token(before);
    for (byte[] chunk : chunks) {
      token.add(chunk);
    }
    return token.finish();
  }

  @Test
  void sameChunksInTheSameOrderGiveTheSameToken() {
    assertArrayEquals(token(Token.NONE, FIRST, SECOND), token(Token.NONE, FIRST, SECOND));
  }

  @Test
  void whateverElseDiffersGivesAnother() {
    List<byte[]> all = new ArrayList<>();
    all.add(token(Token.NONE));
    all.add(token(Token.NONE, FIRST));
    all.add(token(Token.NONE, FIRST, SECOND));
    all.add(token(Token.NONE, SECOND, FIRST));
    all.add(token(token(Token.NONE, FIRST), SECOND));
    all.add(token(Token.NONE, Chunks.accepted(0, 10, 76)));
    all.add(token(Token.NONE, Chunks.accepted(0, 11, 77)));
    all.add(token(Token.NONE, Chunks.accepted(2, 10, 77)));
    for (int i = 0; i < all.size(); ++i) {
      for (int j = 0; j < i; ++j) {
        assertFalse(Arrays.equals(all.get(i), all.get(j)), i + " and " + j);
      }
    }
  }

  @Test
  void chunksAreSortedByPartitionThenOffset() {
    List<byte[]> chunks = new ArrayList<>(List.of(Chunks.accepted(1, 5, 0), Chunks.accepted(0, 1L << 40, 0), Chunks.accepted(0, 9, 0)));
    chunks.sort(Chunk.ARRIVAL);
    assertArrayEquals(new long[] {9, 1L << 40, 5}, chunks.stream().mapToLong(Chunk::firstOffset).toArray());
  }
}

package bank.spark;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/**
 * Names a state of a shard by all that has made it: the token before, and the accepted chunks since, in order. Same
 * chunks, same token, on whatever executor and in whatever attempt.
 */
final class Token {
  static final int BYTES = 16;

  /** Of a shard that has seen nothing. */
  static final byte[] NONE = new byte[BYTES];

  private final MessageDigest digest;
  private final ByteBuffer numbers = ByteBuffer.allocate(32);

  /** Begins with the token before. */
  Token(byte[] before) {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
    digest.update(before);
  }

  /** An accepted chunk. Its own hash stands for its bytes. */
  void add(byte[] chunk) {
    numbers.clear();
    numbers.putInt(Chunk.partition(chunk)).putInt(chunk.length).putLong(Chunk.firstOffset(chunk)).putLong(Chunk.hash(chunk));
    digest.update(numbers.array(), 0, numbers.position());
  }

  /** The token of the state after them. */
  byte[] finish() {
    return Arrays.copyOf(digest.digest(), BYTES);
  }
}

package bank.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;

/**
 * Direct buffers for the native half, used again: to make one costs a page fault for each of its pages, and only the
 * garbage collector gives it back.
 */
final class Buffers {
  private static final int USUAL_BYTES = 1 << 20;
  private static final int KEPT = 32;
  private static final ArrayDeque<ByteBuffer> FREE = new ArrayDeque<>();

  private Buffers() {}

  /** One of {@value #USUAL_BYTES} bytes at least, little-endian, with any content. */
  static ByteBuffer take() {
    synchronized (FREE) {
      ByteBuffer free = FREE.pollLast();
      if (free != null) {
        return free;
      }
    }
    return make(USUAL_BYTES);
  }

  /** One of at least so many bytes in place of {@code small}, which is given back. */
  static ByteBuffer larger(ByteBuffer small, int bytes) {
    ByteBuffer large = make(Math.max(bytes, USUAL_BYTES));
    give(small);
    return large;
  }

  /** Gives one back. One that a huge record has blown up is left to the garbage collector. */
  static void give(ByteBuffer buffer) {
    if (buffer.capacity() > 4 * USUAL_BYTES) {
      return;
    }
    buffer.clear();
    synchronized (FREE) {
      if (FREE.size() < KEPT) {
        FREE.addLast(buffer);
      }
    }
  }

  private static ByteBuffer make(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}

package bank.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Chunks with a head that is as the native half writes it, for tests of what Java does with heads. */
final class Chunks {
  private Chunks() {}

  static byte[] accepted(int partition, long firstOffset, long hash) {
    ByteBuffer chunk = ByteBuffer.allocate(40).order(ByteOrder.LITTLE_ENDIAN);
    chunk.put(new byte[] {'B', 'K', 'C', '1'}).putShort((short) 1).put((byte) 1).put((byte) 0);
    return chunk.putInt(partition).putInt(40).putLong(firstOffset).putLong(hash).putInt(1).array();
  }
}

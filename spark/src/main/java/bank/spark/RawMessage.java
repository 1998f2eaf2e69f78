package bank.spark;

import java.nio.ByteBuffer;

/** A BKR1 message (Native) that is being filled: records of one partition, of about 1 MiB, or one that is larger. */
final class RawMessage implements AutoCloseable {
  private static final int MAGIC = 'B' | 'K' << 8 | 'R' << 16 | '1' << 24;
  private static final int HEAD_BYTES = 24;
  private static final int RECORD_BYTES = 16;

  private ByteBuffer buffer = Buffers.take();
  private int partition;
  private int count;

  RawMessage() {
    buffer.position(HEAD_BYTES);
  }

  /**
   * False if the record does not fit any more, or is of another partition: pack what there is, then add it again. Else key
   * and value, which may be null, have been read to their ends.
   */
  boolean add(int ofPartition, long offset, ByteBuffer key, ByteBuffer value) {
    int bytes = RECORD_BYTES + (key == null ? 0 : key.remaining()) + (value == null ? 0 : value.remaining());
    if (count > 0 && (ofPartition != partition || bytes > buffer.remaining())) {
      return false;
    }
    if (bytes > buffer.remaining()) {
      buffer = Buffers.larger(buffer, HEAD_BYTES + bytes);
      buffer.position(HEAD_BYTES);
    }
    partition = ofPartition;
    buffer.putLong(offset).putInt(key == null ? -1 : key.remaining()).putInt(value == null ? -1 : value.remaining());
    if (key != null) {
      buffer.put(key);
    }
    if (value != null) {
      buffer.put(value);
    }
    ++count;
    return true;
  }

  /** Hands over what there is, and is empty then. */
  void packInto(long packer) {
    if (count == 0) {
      return;
    }
    int bytes = buffer.position();
    buffer.putInt(0, MAGIC).putShort(4, (short) 1).putShort(6, (short) 0).putInt(8, bytes);
    buffer.putInt(12, partition).putInt(16, count).putInt(20, 0);
    Native.pack(packer, buffer, bytes);
    buffer.clear().position(HEAD_BYTES);
    count = 0;
  }

  @Override
  public void close() {
    if (buffer != null) {
      Buffers.give(buffer);
      buffer = null;
    }
  }
}

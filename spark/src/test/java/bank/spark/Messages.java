package bank.spark;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A BKO1 message as the native half writes it, with counts 1, 2, 3 … in the order in which they stand. */
final class Messages {
  private static final int RULES = 2;
  private static final int REASONS = 3;

  private final ByteBuffer out = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
  private int count;

  Messages() {
    out.put(new byte[] {'B', 'K', 'O', '1'}).putShort((short) 1).putShort((short) 0).putInt(0).putInt(0);
    long number = 1;
    for (int i = 0; i < 8; ++i) {
      out.putLong(number++);
    }
    out.putLong(Long.MIN_VALUE).putInt(RULES).putInt(REASONS);
    for (int i = 0; i < RULES + REASONS; ++i) {
      out.putLong(++number);
    }
  }

  Messages alert(String key, String value, int partition, long number) {
    return output(Outputs.ALERT, key, value, "", "", partition, number);
  }

  Messages processed(String key, String value, int partition, long number) {
    return output(Outputs.PROCESSED, key, value, "", "", partition, number);
  }

  Messages deadLetter(String key, String value, String exception, String message, int partition, long number) {
    return output(Outputs.DEAD_LETTER, key, value, exception, message, partition, number);
  }

  byte[] bytes() {
    out.putInt(8, out.position()).putInt(12, count);
    byte[] bytes = new byte[out.position()];
    out.get(0, bytes);
    return bytes;
  }

  private Messages output(int kind, String key, String value, String exception, String message, int partition, long number) {
    out.put((byte) kind).put((byte) 0).putShort((short) 0).putInt(partition).putLong(number).putLong(0);
    out.putInt(key == null ? -1 : key.getBytes(UTF_8).length).putInt(value.getBytes(UTF_8).length);
    out.putShort((short) exception.length()).putShort((short) message.length());
    out.put((key == null ? "" : key).getBytes(UTF_8)).put(value.getBytes(UTF_8)).put(exception.getBytes(UTF_8)).put(message.getBytes(UTF_8));
    ++count;
    return this;
  }
}

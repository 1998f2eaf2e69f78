package bank.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Messages for the tests of the border, written and read as Native's Javadoc says. */
final class Border {
  static final String RULES =
      """
      version: 1
      rules:
        - {id: HIGH, severity: HIGH, score: 40, when: amount > 900, reason: "Amount ${amount}"}
        - {id: OFTEN, severity: LOW, score: 30, when: count(5m) >= 3, reason: "{count(5m)} in 5 minutes"}
      """;
  static final long NOW = 1_700_000_000_000_000L;

  private Border() {}

  static long rules(String options) {
    return Native.openRules(RULES.getBytes(StandardCharsets.UTF_8), "test.yaml", options);
  }

  static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static String transaction(int id, int account, int amount) {
    return String.format(
        "{\"transaction_id\": \"T%d\", \"account_number\": \"A%d\", \"transaction_type\": \"PAYMENT\", "
            + "\"amount\": %d, \"timestamp\": \"2026-01-01 00:%02d:%02d\", \"location\": \"Zürich 😀\"}",
        id, account, amount, id / 60 % 60, id % 60);
  }

  /** A BKR1 message. */
  static ByteBuffer raw(int partition, long offset, List<byte[]> values) {
    int bytes = 24;
    for (byte[] value : values) {
      bytes += 16 + 1 + value.length;
    }
    ByteBuffer out = direct(bytes);
    out.put("BKR1".getBytes(StandardCharsets.US_ASCII)).putShort((short) 1).putShort((short) 0);
    out.putInt(bytes).putInt(partition).putInt(values.size()).putInt(0);
    for (byte[] value : values) {
      out.putLong(offset++).putInt(1).putInt(value.length).put((byte) 'k').put(value);
    }
    return out.flip();
  }

  static ByteBuffer raw(int partition, long offset, int count) {
    List<byte[]> values = new ArrayList<>();
    for (int i = 0; i < count; ++i) {
      int id = (int) offset + i;
      values.add(transaction(id, id % 7, id % 10 == 0 ? 1000 : 5).getBytes(StandardCharsets.UTF_8));
    }
    return raw(partition, offset, values);
  }

  /** The chunks of a partition's records, packed for one shard. */
  static List<byte[]> chunks(long rules, ByteBuffer raw) {
    long packer = Native.openPacker(rules, 1, "topic/");
    try {
      Native.pack(packer, raw, raw.limit());
      return drain(packer);
    } finally {
      Native.closePacker(packer);
    }
  }

  static List<byte[]> drain(long packer) {
    List<byte[]> chunks = new ArrayList<>();
    ByteBuffer out = direct(1 << 20);
    while (Native.drain(packer, out, true) > 0) {
      int count = out.getInt(12);
      int at = 16;
      for (; count > 0; --count) {
        byte[] chunk = new byte[out.getInt(at + 4)];
        out.get(at + 8, chunk);
        chunks.add(chunk);
        at += 8 + chunk.length;
      }
    }
    return chunks;
  }

  /** The values of a BKO1 message's outputs. */
  static List<String> values(ByteBuffer out) {
    List<String> values = new ArrayList<>();
    int at = 96 + 8 * (out.getInt(88) + out.getInt(92));
    for (int count = out.getInt(12); count > 0; --count) {
      int key = Math.max(out.getInt(at + 24), 0);
      int value = Math.max(out.getInt(at + 28), 0);
      int more = Short.toUnsignedInt(out.getShort(at + 32)) + Short.toUnsignedInt(out.getShort(at + 34));
      byte[] bytes = new byte[value];
      out.get(at + 36 + key, bytes);
      values.add(new String(bytes, StandardCharsets.UTF_8));
      at += 36 + key + value + more;
    }
    return values;
  }
}

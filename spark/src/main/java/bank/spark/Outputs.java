package bank.spark;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Walks through the outputs of a BKO1 message (Native), without a copy of it. */
final class Outputs {
  static final int ALERT = 0;
  static final int PROCESSED = 1;
  static final int DEAD_LETTER = 2;
  static final int KINDS = 3;

  private static final int MAGIC = 'B' | 'K' << 8 | 'O' << 16 | '1' << 24;
  private static final int COUNTS_AT = 16;
  private static final int HEAD_BYTES = 96;
  private static final int OUTPUT_BYTES = 36;

  private final byte[] bytes;
  private final ByteBuffer in;
  private final int rules;
  private final int reasons;
  private int left;
  private int at;
  private int keyAt;

  Outputs(byte[] message) {
    bytes = message;
    in = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
    if (message.length < HEAD_BYTES || in.getInt(0) != MAGIC || in.getShort(4) != 1 || in.getInt(8) != message.length) {
      throw new BorderException("a row of " + message.length + " bytes is no message of results");
    }
    left = in.getInt(12);
    rules = in.getInt(88);
    reasons = in.getInt(92);
    at = -1;
  }

  static boolean isMessage(byte[] row) {
    return row.length > 0 && row[0] == 'B';
  }

  void addTo(Counts counts) {
    counts.judged += in.getLong(COUNTS_AT);
    counts.resends += in.getLong(COUNTS_AT + 8);
    counts.late += in.getLong(COUNTS_AT + 16);
    counts.rejected += in.getLong(COUNTS_AT + 24);
    counts.alerts += in.getLong(COUNTS_AT + 32);
    for (int i = 0; i < counts.decisions.length; ++i) {
      counts.decisions[i] += in.getLong(COUNTS_AT + 40 + 8 * i);
    }
    counts.newestMicros = Math.max(counts.newestMicros, in.getLong(COUNTS_AT + 64));
    counts.addByRule(rules, i -> in.getLong(HEAD_BYTES + 8 * i));
    counts.addByReason(reasons, i -> in.getLong(HEAD_BYTES + 8 * (rules + i)));
  }

  /** Goes to the next output; the accessors below speak of it. False behind the last. */
  boolean next() {
    at = at < 0 ? HEAD_BYTES + 8 * (rules + reasons) : end();
    if (left == 0) {
      return false;
    }
    --left;
    keyAt = at + OUTPUT_BYTES;
    return true;
  }

  int kind() {
    return bytes[at];
  }

  int partition() {
    return in.getInt(at + 4);
  }

  long number() {
    return in.getLong(at + 8);
  }

  long timeMicros() {
    return in.getLong(at + 16);
  }

  byte[] key() {
    return piece(keyAt, in.getInt(at + 24));
  }

  int valueBytes() {
    return Math.max(0, in.getInt(at + 28));
  }

  byte[] value() {
    return piece(valueAt(), in.getInt(at + 28));
  }

  byte[] exception() {
    return piece(exceptionAt(), in.getShort(at + 32) & 0xFFFF);
  }

  byte[] message() {
    return piece(exceptionAt() + (in.getShort(at + 32) & 0xFFFF), in.getShort(at + 34) & 0xFFFF);
  }

  String text() {
    return new String(bytes, valueAt(), in.getInt(at + 28), StandardCharsets.UTF_8);
  }

  private int valueAt() {
    return keyAt + Math.max(0, in.getInt(at + 24));
  }

  private int exceptionAt() {
    return valueAt() + Math.max(0, in.getInt(at + 28));
  }

  private int end() {
    return exceptionAt() + (in.getShort(at + 32) & 0xFFFF) + (in.getShort(at + 34) & 0xFFFF);
  }

  private byte[] piece(int from, int length) {
    if (length < 0) {
      return null;
    }
    byte[] copy = new byte[length];
    in.get(from, copy);
    return copy;
  }
}

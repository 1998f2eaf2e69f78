package bank.spark;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Comparator;

/** The head of a BKC1 chunk (Native), all of it that Java needs to know. */
final class Chunk {
  /** In which the chunks of a shard are to be judged. */
  static final Comparator<byte[]> ARRIVAL =
      Comparator.comparingInt(Chunk::partition).thenComparingLong(Chunk::firstOffset);

  private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final int MAGIC = 'B' | 'K' << 8 | 'C' << 16 | '1' << 24;
  private static final int HEAD_BYTES = 36;

  private Chunk() {}

  /** Whether it holds transactions; else it holds what was rejected. */
  static boolean accepted(byte[] chunk) {
    return checked(chunk)[6] == 1;
  }

  static int partition(byte[] chunk) {
    return (int) INT.get(chunk, 8);
  }

  static long firstOffset(byte[] chunk) {
    return (long) LONG.get(chunk, 16);
  }

  /** Of all behind the head. */
  static long hash(byte[] chunk) {
    return (long) LONG.get(chunk, 24);
  }

  static int records(byte[] chunk) {
    return (int) INT.get(chunk, 32);
  }

  private static byte[] checked(byte[] chunk) {
    if (chunk.length < HEAD_BYTES || (int) INT.get(chunk, 0) != MAGIC) {
      throw new BorderException("a row of " + chunk.length + " bytes is no chunk");
    }
    return chunk;
  }
}

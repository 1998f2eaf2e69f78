package bank.spark;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/** A native packer with its buffers, and the rows that come out of it. */
final class Packer<R> implements AutoCloseable {
  /** Makes the row of a chunk: by the key of its shard. */
  interface RowMaker<R> extends Serializable {
    R make(int key, byte[] chunk);
  }

  private final int[] keys;
  private final RowMaker<R> rowOf;
  private final ArrayDeque<R> ready = new ArrayDeque<>();
  private ByteBuffer out = Buffers.take();
  private long handle;

  Packer(RulesOf rules, int shards, String origin, RowMaker<R> rowOf) {
    this.rowOf = rowOf;
    keys = ShardKeys.of(shards);
    handle = Native.openPacker(rules.handle(), shards, origin);
  }

  long handle() {
    return handle;
  }

  /** Rows that wait to be taken. */
  ArrayDeque<R> ready() {
    return ready;
  }

  void drain(boolean all) {
    for (; ; ) {
      int bytes = Native.drain(handle, out, all);
      if (bytes == 0) {
        return;
      }
      if (bytes < 0) {
        out = Buffers.larger(out, -bytes);
        continue;
      }
      int count = out.getInt(12);
      for (int i = 0, at = 16; i < count; ++i) {
        byte[] chunk = new byte[out.getInt(at + 4)];
        out.get(at + 8, chunk);
        ready.add(rowOf.make(keys[out.getInt(at)], chunk));
        at += 8 + chunk.length;
      }
    }
  }

  @Override
  public void close() {
    if (handle != 0) {
      Native.closePacker(handle);
      handle = 0;
      Buffers.give(out);
      out = null;
    }
  }
}

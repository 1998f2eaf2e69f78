package bank.spark;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;
import scala.Tuple4;

/**
 * Rows that are records (partition, offset, key, value) become chunks, by way of a native packer. A stream does without
 * (PackedKafka).
 */
final class Packing implements PairFlatMapFunction<Iterator<Tuple4<Integer, Long, byte[], byte[]>>, ChunkPlace, byte[]> {
  private static final long serialVersionUID = 1L;

  static final Encoder<Tuple4<Integer, Long, byte[], byte[]>> RECORDS =
      Encoders.tuple(Encoders.INT(), Encoders.LONG(), Encoders.BINARY(), Encoders.BINARY());

  private final RulesOf rules;
  private final int shards;
  private final String origin;

  /** {@code origin}: as Native.openPacker's. */
  Packing(RulesOf rules, int shards, String origin) {
    this.rules = rules;
    this.shards = shards;
    this.origin = origin;
  }

  @Override
  public Iterator<Tuple2<ChunkPlace, byte[]>> call(Iterator<Tuple4<Integer, Long, byte[], byte[]>> records) {
    if (!records.hasNext()) {
      return Collections.emptyIterator();
    }
    Chunks chunks = new Chunks(records, new Packer<>(rules, shards, origin, ChunkPlace::chunkAt));
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> chunks.close());
    return chunks;
  }

  private static final class Chunks implements Iterator<Tuple2<ChunkPlace, byte[]>> {
    private final Iterator<Tuple4<Integer, Long, byte[], byte[]>> records;
    private final Packer<Tuple2<ChunkPlace, byte[]>> packer;
    private final RawMessage message = new RawMessage();
    private boolean ended;

    Chunks(Iterator<Tuple4<Integer, Long, byte[], byte[]>> records, Packer<Tuple2<ChunkPlace, byte[]>> packer) {
      this.records = records;
      this.packer = packer;
    }

    @Override
    public boolean hasNext() {
      while (packer.ready().isEmpty() && !ended) {
        fill();
      }
      if (ended && packer.ready().isEmpty()) {
        close();
        return false;
      }
      return true;
    }

    @Override
    public Tuple2<ChunkPlace, byte[]> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return packer.ready().poll();
    }

    private void fill() {
      while (records.hasNext()) {
        Tuple4<Integer, Long, byte[], byte[]> record = records.next();
        ByteBuffer key = wrapped(record._3());
        ByteBuffer value = wrapped(record._4());
        if (!message.add(record._1(), record._2(), key, value)) {
          message.packInto(packer.handle());
          message.add(record._1(), record._2(), key, value);
          packer.drain(false);
          if (!packer.ready().isEmpty()) {
            return;
          }
        }
      }
      message.packInto(packer.handle());
      packer.drain(true);
      ended = true;
    }

    private static ByteBuffer wrapped(byte[] bytes) {
      return bytes == null ? null : ByteBuffer.wrap(bytes);
    }

    void close() {
      packer.close();
      message.close();
    }
  }
}

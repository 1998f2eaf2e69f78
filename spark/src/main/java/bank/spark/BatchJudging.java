package bank.spark;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;

/**
 * The reduce side of a batch: a shard's chunks, in order, go through an engine of its own. What comes out are rows that
 * say where they belong: by kind, then (in the order of event times) by time, then by file, record and place.
 */
final class BatchJudging implements MapPartitionsFunction<Row, Row> {
  private static final long serialVersionUID = 1L;

  /** Kinds of rows besides those of Outputs. */
  static final int ANALYTICS = 3;

  static final int COUNTS = 4;

  static final StructType SCHEMA =
      new StructType()
          .add("kind", DataTypes.IntegerType, false)
          .add("time", DataTypes.LongType, false)
          .add("file", DataTypes.IntegerType, false)
          .add("number", DataTypes.LongType, false)
          .add("place", DataTypes.LongType, false)
          .add("value", DataTypes.BinaryType, false);
  static final Encoder<Row> ENCODER = Encoders.row(SCHEMA);

  private final RulesOf rules;
  private final boolean byTime;
  private final boolean analytics;

  BatchJudging(RulesOf rules, boolean byTime, boolean analytics) {
    this.rules = rules;
    this.byTime = byTime;
    this.analytics = analytics;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> chunks) {
    Rows rows = new Rows(chunks);
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> rows.close());
    return rows;
  }

  private final class Rows implements Iterator<Row> {
    private final Iterator<Row> chunks;
    private final ArrayDeque<Row> ready = new ArrayDeque<>();
    private final Counts counts = new Counts();
    private ByteBuffer out = Buffers.take();
    private long shard = Native.openShard(rules.handle());
    private long place;
    private boolean ended;

    Rows(Iterator<Row> chunks) {
      this.chunks = chunks;
    }

    @Override
    public boolean hasNext() {
      while (ready.isEmpty() && !ended) {
        advance();
      }
      return !ready.isEmpty();
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return ready.poll();
    }

    private void advance() {
      if (chunks.hasNext()) {
        byte[] chunk = chunks.next().getAs("chunk");
        if (byTime) {
          Native.collect(shard, chunk);
        } else {
          take(Native.judge(shard, chunk, out, ShardProcessor.nowMicros()));
        }
        return;
      }
      if (byTime && take(Native.judgeCollected(shard, out, ShardProcessor.nowMicros()))) {
        return;
      }
      ended = true;
      if (counts.records() > 0) {
        ready.add(RowFactory.create(COUNTS, 0L, 0, 0L, 0L, bytesOf(counts)));
        if (analytics) {
          ready.add(RowFactory.create(ANALYTICS, 0L, 0, 0L, 0L, Native.analytics(shard)));
        }
      }
      close();
    }

    /** A message of that length, or one that did not fit; false if there is none. */
    private boolean take(int told) {
      int length = told;
      while (length < 0) {
        out = Buffers.larger(out, -length);
        length = Native.take(shard, out);
      }
      if (length == 0) {
        return false;
      }
      byte[] message = new byte[length];
      out.get(0, message);
      Outputs outputs = new Outputs(message);
      outputs.addTo(counts);
      while (outputs.next()) {
        long time = byTime ? outputs.timeMicros() : 0;
        ready.add(RowFactory.create(outputs.kind(), time, outputs.partition(), outputs.number(), place++, outputs.value()));
      }
      return true;
    }

    void close() {
      if (shard != 0) {
        Native.closeShard(shard);
        shard = 0;
        Buffers.give(out);
        out = null;
      }
    }
  }

  private static byte[] bytesOf(Counts counts) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(counts);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }
}

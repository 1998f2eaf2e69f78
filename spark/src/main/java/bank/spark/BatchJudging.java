package bank.spark;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/** The reduce side of a batch: a shard's chunks, in order, go through an engine of its own. */
final class BatchJudging implements FlatMapFunction<Iterator<Tuple2<ChunkPlace, byte[]>>, BatchPiece> {
  private static final long serialVersionUID = 1L;

  private final RulesOf rules;
  private final boolean byTime;
  private final boolean analytics;

  BatchJudging(RulesOf rules, boolean byTime, boolean analytics) {
    this.rules = rules;
    this.byTime = byTime;
    this.analytics = analytics;
  }

  @Override
  public Iterator<BatchPiece> call(Iterator<Tuple2<ChunkPlace, byte[]>> chunks) {
    Pieces pieces = new Pieces(chunks);
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> pieces.close());
    return pieces;
  }

  private final class Pieces implements Iterator<BatchPiece> {
    private final Iterator<Tuple2<ChunkPlace, byte[]>> chunks;
    private final ArrayDeque<BatchPiece> ready = new ArrayDeque<>();
    private final BatchPiece.Totals totals = new BatchPiece.Totals();
    private ByteBuffer out = Buffers.take();
    private long shard = Native.openShard(rules.handle());
    private boolean ended;

    Pieces(Iterator<Tuple2<ChunkPlace, byte[]>> chunks) {
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
    public BatchPiece next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return ready.poll();
    }

    private void advance() {
      if (chunks.hasNext()) {
        byte[] chunk = chunks.next()._2();
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
      if (totals.counts().records() > 0) {
        ready.add(totals);
        if (analytics) {
          ready.add(new BatchPiece.Analytics(Native.analytics(shard)));
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
      outputs.addTo(totals.counts());
      boolean any = false;
      while (outputs.next()) {
        totals.bytes()[outputs.kind()] += outputs.valueBytes();
        any = true;
      }
      if (any) {
        ready.add(new BatchPiece.Results(message));
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
}

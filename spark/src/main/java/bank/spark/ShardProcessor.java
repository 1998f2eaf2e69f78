package bank.spark;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.streaming.MapState;
import org.apache.spark.sql.streaming.OutputMode;
import org.apache.spark.sql.streaming.StatefulProcessor;
import org.apache.spark.sql.streaming.TTLConfig;
import org.apache.spark.sql.streaming.TimeMode;
import org.apache.spark.sql.streaming.TimerValues;
import org.apache.spark.util.TaskCompletionListener;
import scala.collection.AbstractIterator;
import scala.collection.Iterator;

/**
 * The reduce side of the stream: a shard's chunks of a batch go through its native engine. Spark's state store holds the
 * only truth, a head and a log; the engine is a cache of it.
 *
 * <p>What comes out: the BKO1 messages (Native), then the shard's statistics, a JSON object.
 */
final class ShardProcessor extends StatefulProcessor<Integer, Row, byte[]> {
  private static final long serialVersionUID = 1L;
  private static final long HEAD = -1; // its number, before those of the log: a state variable of its own would have to be set up for each task

  private final RulesOf rules;
  private final long historyId;
  private final long cacheBytes;
  private transient MapState<Long, byte[]> log;

  /** {@code cacheBytes}: what the native shards kept by one process may take. */
  ShardProcessor(RulesOf rules, long historyId, long cacheBytes) {
    this.rules = rules;
    this.historyId = historyId;
    this.cacheBytes = cacheBytes;
  }

  @Override
  public void init(OutputMode outputMode, TimeMode timeMode) {
    log = getHandle().getMapState("log", Encoders.LONG(), Encoders.BINARY(), TTLConfig.NONE());
  }

  @Override
  public Iterator<byte[]> handleInputRows(Integer key, Iterator<Row> rows, TimerValues timers) {
    List<byte[]> chunks = new ArrayList<>();
    while (rows.hasNext()) {
      chunks.add(rows.next().getAs("chunk"));
    }
    chunks.sort(Chunk.ARRIVAL);
    Judging judging = new Judging(chunks);
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> judging.abandon());
    judging.begin();
    return judging;
  }

  /** A shard at work on a batch. What it does to the state is all done in begin(); it judges as its results are taken. */
  private final class Judging extends AbstractIterator<byte[]> {
    private final List<byte[]> chunks;
    private final ShardCache.Key key;
    private long shard;
    private byte[] token;
    private ByteBuffer out = Buffers.take();
    private int at;
    private byte[] statistics;
    private long bytesAtSnapshot;
    private boolean compacted;

    Judging(List<byte[]> chunks) {
      this.chunks = chunks;
      this.key = new ShardCache.Key(getHandle().getQueryInfo().getQueryId().toString(), TaskContext.getPartitionId(), rules.handle());
    }

    void begin() {
      byte[] there = log.getValue(HEAD);
      Head head = there == null ? Head.empty(historyId) : Head.decode(there);
      if (head.historyId() != historyId) {
        throw new StateException("the state is of rules that keep other histories (" + Long.toHexString(head.historyId()) + ")");
      }
      ShardCache.Entry kept = ShardCache.take(key, head.token());
      shard = kept == null ? rebuild(head) : kept.handle();
      bytesAtSnapshot = kept == null ? 0 : kept.bytesAtSnapshot();
      compacted = head.longLog() || kept != null && head.outlived(kept.bytes(), bytesAtSnapshot);
      if (compacted) {
        head = compact(head);
      }
      append(head);
    }

    private long rebuild(Head head) {
      long made = Native.openShard(rules.handle());
      shard = made; // closed by abandon() whatever happens below
      for (long number = head.first(); number < head.next(); ++number) {
        byte[] piece = log.getValue(number);
        if (piece == null) {
          throw new StateException("entry " + number + " of a shard's log is missing");
        }
        if (number < head.first() + head.pieces()) {
          Native.restore(made, piece);
        } else {
          Native.replay(made, piece);
        }
      }
      return made;
    }

    private Head compact(Head head) {
      for (long number = head.first(); number < head.next(); ++number) {
        log.removeKey(number);
      }
      long next = head.next();
      long bytes = 0;
      boolean begins = true;
      for (; ; ) {
        int length = Native.snapshot(shard, out, begins);
        begins = false;
        if (length == 0) {
          return new Head(historyId, head.token(), head.next(), (int) (next - head.next()), next, bytes, 0);
        }
        if (length < 0) {
          out = Buffers.larger(out, -length);
          continue;
        }
        log.updateValue(next++, copyOfOut(length));
        bytes += length;
      }
    }

    private void append(Head head) {
      Token now = new Token(head.token());
      long next = head.next();
      long bytes = head.deltaBytes();
      for (byte[] chunk : chunks) {
        if (Chunk.accepted(chunk)) {
          now.add(chunk);
          log.updateValue(next++, chunk);
          bytes += chunk.length;
        }
      }
      token = now.finish();
      log.updateValue(HEAD, new Head(historyId, token, head.first(), head.pieces(), next, head.snapshotBytes(), bytes).encode());
    }

    @Override
    public boolean hasNext() {
      return at < chunks.size() || statistics == null;
    }

    @Override
    public byte[] next() {
      if (at < chunks.size()) {
        byte[] chunk = chunks.set(at++, null);
        int length = Native.judge(shard, chunk, out, nowMicros());
        while (length < 0) {
          out = Buffers.larger(out, -length);
          length = Native.take(shard, out);
        }
        return copyOfOut(length);
      }
      finish();
      return statistics;
    }

    private void finish() {
      String told = Native.shardStatistics(shard);
      statistics = told.getBytes(StandardCharsets.UTF_8);
      long bytes = StreamJob.parse(told).path("state_bytes").asLong();
      ShardCache.Entry entry = new ShardCache.Entry(shard, token, bytes, compacted ? bytes : bytesAtSnapshot);
      shard = 0;
      ShardCache.give(key, entry, cacheBytes);
      abandon();
    }

    /** Gives back what finish() did not, if it was not reached. */
    void abandon() {
      if (shard != 0) {
        Native.closeShard(shard);
        shard = 0;
      }
      if (out != null) {
        Buffers.give(out);
        out = null;
      }
    }

    private byte[] copyOfOut(int length) {
      byte[] copy = new byte[length];
      out.get(0, copy);
      return copy;
    }
  }

  static long nowMicros() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
  }
}

package bank.spark;

import java.util.Collections;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple4;

/**
 * Rows that are records (partition, offset, key, value) become rows (key of a shard, chunk), few and large, by way of a native
 * packer. A stream does without (PackedKafka).
 */
final class Packing implements MapPartitionsFunction<Tuple4<Integer, Long, byte[], byte[]>, Row> {
  private static final long serialVersionUID = 1L;

  static final StructType SCHEMA =
      new StructType().add("key", DataTypes.IntegerType, false).add("chunk", DataTypes.BinaryType, false);
  static final Encoder<Row> ENCODER = Encoders.row(SCHEMA);
  static final Encoder<Tuple4<Integer, Long, byte[], byte[]>> RECORDS =
      Encoders.tuple(Encoders.INT(), Encoders.LONG(), Encoders.BINARY(), Encoders.BINARY());

  private final RulesOf rules;
  private final int shards;
  private final String origin;
  private final Packer.RowMaker<Row> rowOf;

  /** {@code origin}: as Native.openPacker's. {@code rowOf}: the row of a chunk. */
  Packing(RulesOf rules, int shards, String origin, Packer.RowMaker<Row> rowOf) {
    this.rules = rules;
    this.shards = shards;
    this.origin = origin;
    this.rowOf = rowOf;
  }

  @Override
  public Iterator<Row> call(Iterator<Tuple4<Integer, Long, byte[], byte[]>> records) {
    if (!records.hasNext()) {
      return Collections.emptyIterator();
    }
    Rows rows = new Rows(records, new Packer<>(rules, shards, origin, rowOf));
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> rows.close());
    return rows;
  }

  private static final class Rows implements Iterator<Row> {
    private final Iterator<Tuple4<Integer, Long, byte[], byte[]>> records;
    private final Packer<Row> packer;
    private final RawMessage message = new RawMessage();
    private boolean ended;

    Rows(Iterator<Tuple4<Integer, Long, byte[], byte[]>> records, Packer<Row> packer) {
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
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return packer.ready().poll();
    }

    private void fill() {
      while (records.hasNext()) {
        Tuple4<Integer, Long, byte[], byte[]> record = records.next();
        if (!message.add(record._1(), record._2(), record._3(), record._4())) {
          message.packInto(packer.handle());
          message.add(record._1(), record._2(), record._3(), record._4());
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

    void close() {
      packer.close();
      message.close();
    }
  }
}

package bank.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * A batch's results, in the order in which `bank detect` writes them. Few are sorted by the driver, without a query to
 * plan, to compile and to sample for; many by Spark.
 */
final class BatchOutputs {
  private static final StructType LINES =
      new StructType()
          .add("time", DataTypes.LongType, false)
          .add("file", DataTypes.IntegerType, false)
          .add("number", DataTypes.LongType, false)
          .add("place", DataTypes.LongType, false)
          .add("value", DataTypes.BinaryType, false);
  private static final Encoder<Row> LINE = Encoders.row(LINES);

  private final SparkSession spark;
  private final JavaRDD<BatchPiece> judged;
  private final long[] bytes;
  private final boolean byTime;
  private final long fewBytes;

  /**
   * {@code bytes}: of each kind, BatchPiece.Totals. {@code byTime}: event times before places in the input. {@code
   * fewBytes}: so many are few.
   */
  BatchOutputs(SparkSession spark, JavaRDD<BatchPiece> judged, long[] bytes, boolean byTime, long fewBytes) {
    this.spark = spark;
    this.judged = judged;
    this.bytes = bytes;
    this.byTime = byTime;
    this.fewBytes = fewBytes;
  }

  /** All of a kind of Outputs, as lines in large blocks. */
  Iterator<byte[]> blocks(int kind) {
    if (bytes[kind] <= fewBytes) {
      return new Joining().call(sortedHere(kind).iterator());
    }
    return sortedThere(kind).mapPartitions(new Joining(), Encoders.BINARY()).toLocalIterator();
  }

  /** The first of a kind, so many at most. */
  List<byte[]> first(int kind, int count) {
    if (bytes[kind] <= fewBytes) {
      List<byte[]> all = sortedHere(kind);
      return all.subList(0, Math.min(count, all.size()));
    }
    return sortedThere(kind).limit(count).collectAsList();
  }

  private JavaRDD<Line> lines(int kind) {
    boolean timed = byTime;
    return judged.mapPartitions(pieces -> new Lines(pieces, kind, timed));
  }

  private List<byte[]> sortedHere(int kind) {
    if (bytes[kind] == 0) {
      return List.of();
    }
    List<Line> lines = new ArrayList<>(lines(kind).collect());
    lines.sort(Line.ORDER);
    return lines.stream().map(Line::value).toList();
  }

  private Dataset<byte[]> sortedThere(int kind) {
    JavaRDD<Row> rows = lines(kind).map(line -> RowFactory.create(line.time(), line.file(), line.number(), line.place(), line.value()));
    return spark
        .createDataset(rows.rdd(), LINE)
        .orderBy("time", "file", "number", "place")
        .select("value")
        .as(Encoders.BINARY());
  }

  /** {@code place}: among the results of its shard. */
  private record Line(long time, int file, long number, long place, byte[] value) implements Serializable {
    static final Comparator<Line> ORDER =
        Comparator.comparingLong(Line::time).thenComparingInt(Line::file).thenComparingLong(Line::number).thenComparingLong(Line::place);
  }

  /** Those of a kind, of a shard. */
  private static final class Lines implements Iterator<Line> {
    private final Iterator<BatchPiece> pieces;
    private final int kind;
    private final boolean byTime;
    private Outputs outputs;
    private long place;
    private Line ready;

    Lines(Iterator<BatchPiece> pieces, int kind, boolean byTime) {
      this.pieces = pieces;
      this.kind = kind;
      this.byTime = byTime;
    }

    @Override
    public boolean hasNext() {
      while (ready == null) {
        if (outputs != null && outputs.next()) {
          if (outputs.kind() == kind) {
            ready = new Line(byTime ? outputs.timeMicros() : 0, outputs.partition(), outputs.number(), place++, outputs.value());
          }
        } else if (!pieces.hasNext()) {
          return false;
        } else {
          outputs = pieces.next() instanceof BatchPiece.Results results ? new Outputs(results.message()) : null;
        }
      }
      return true;
    }

    @Override
    public Line next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      Line line = ready;
      ready = null;
      return line;
    }
  }
}

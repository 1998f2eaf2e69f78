package bank.spark;

import java.io.Serializable;
import java.util.Comparator;
import org.apache.spark.Partitioner;
import scala.Tuple2;

/**
 * Where a chunk of a batch belongs.
 *
 * @param key of its shard (ShardKeys)
 * @param file by its number
 * @param first the number of its first record
 */
record ChunkPlace(int key, int file, long first) implements Comparable<ChunkPlace>, Serializable {
  private static final Comparator<ChunkPlace> ORDER =
      Comparator.comparingInt(ChunkPlace::key).thenComparingInt(ChunkPlace::file).thenComparingLong(ChunkPlace::first);

  /** A chunk of the shard with that key, and its place. */
  static Tuple2<ChunkPlace, byte[]> chunkAt(int key, byte[] chunk) {
    return new Tuple2<>(new ChunkPlace(key, Chunk.partition(chunk), Chunk.firstOffset(chunk)), chunk);
  }

  /** In a shard: in which its chunks are to be judged. */
  @Override
  public int compareTo(ChunkPlace other) {
    return ORDER.compare(this, other);
  }

  /** A partition for each shard. */
  static final class ByShard extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int shards;

    ByShard(int shards) {
      this.shards = shards;
    }

    @Override
    public int numPartitions() {
      return shards;
    }

    @Override
    public int getPartition(Object place) {
      return ShardKeys.partitionOf(((ChunkPlace) place).key(), shards);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ByShard o && o.shards == shards;
    }

    @Override
    public int hashCode() {
      return shards;
    }
  }
}

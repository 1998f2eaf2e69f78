package bank.spark;

import org.apache.spark.unsafe.hash.Murmur3_x86_32;

/**
 * The grouping keys of the shards: shard {@code i}'s is the smallest that Spark's hash partitioning puts into partition
 * {@code i}. So each partition has one shard, where plain numbers would leave some partitions empty and others with two.
 */
final class ShardKeys {
  private static final int SPARK_SEED = 42; // of HashPartitioning's Murmur3Hash

  private ShardKeys() {}

  /** The key of each of {@code shards} shards. */
  static int[] of(int shards) {
    if (shards < 1) {
      throw new IllegalArgumentException("there are " + shards + " shards, and at least 1 is needed");
    }
    int[] keys = new int[shards];
    boolean[] found = new boolean[shards];
    int missing = shards;
    for (int key = 0; missing > 0; ++key) {
      int partition = partitionOf(key, shards);
      if (!found[partition]) {
        found[partition] = true;
        keys[partition] = key;
        --missing;
      }
    }
    return keys;
  }

  /** Into which of {@code partitions} Spark puts a row with this integer as its only partitioning column. */
  static int partitionOf(int key, int partitions) {
    return Math.floorMod(Murmur3_x86_32.hashInt(key, SPARK_SEED), partitions);
  }
}

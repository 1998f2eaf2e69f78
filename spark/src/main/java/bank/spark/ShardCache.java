package bank.spark;

import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The native shards that this process keeps from one batch to the next, so that their state need not be read back from
 * Spark's store. One is out of the cache while it is in use, and is found again only by the token of the state that Spark
 * has loaded. Those used longest ago go when all hold more than the bytes allowed.
 */
final class ShardCache {
  /**
   * A native shard, and the token of its state. {@code bytes}: what its state takes in memory; {@code bytesAtSnapshot}: what
   * it took when this process wrote its snapshot, 0 if it was another.
   */
  record Entry(long handle, byte[] token, long bytes, long bytesAtSnapshot) {}

  /** Whose shard: the query, the shard's number, and under which rules it judges. */
  record Key(String query, int shard, long rules) {}

  private static final Map<Key, Entry> KEPT = new LinkedHashMap<>(); // used longest ago first
  private static long keptBytes;

  private ShardCache() {}

  /** The shard in this state, which is the caller's to give back or close; null: there is none. */
  static synchronized Entry take(Key key, byte[] token) {
    Entry entry = KEPT.remove(key);
    if (entry == null) {
      return null;
    }
    keptBytes -= entry.bytes;
    if (Arrays.equals(entry.token, token)) {
      return entry;
    }
    Native.closeShard(entry.handle);
    return null;
  }

  static synchronized void give(Key key, Entry entry, long allowedBytes) {
    Entry before = KEPT.put(key, entry);
    keptBytes += entry.bytes;
    if (before != null) { // another attempt of the same task was here at the same time
      keptBytes -= before.bytes;
      Native.closeShard(before.handle);
    }
    Iterator<Entry> oldest = KEPT.values().iterator();
    while (keptBytes > allowedBytes && oldest.hasNext()) {
      Entry victim = oldest.next();
      oldest.remove();
      keptBytes -= victim.bytes;
      Native.closeShard(victim.handle);
    }
  }
}

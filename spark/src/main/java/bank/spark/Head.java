package bank.spark;

import java.nio.ByteBuffer;

/**
 * What a shard's state in Spark's store begins with: what it is of, its token, and where its log stands. The log is a map
 * from numbers to pieces: those of a snapshot first, then the accepted chunks since.
 *
 * @param historyId of the rules (Native.describeRules): whose histories these are
 * @param token names the state that all of the log comes to
 * @param first number of the log's first entry
 * @param pieces how many entries from there on are of the snapshot
 * @param next number of the next entry
 * @param snapshotBytes length of the snapshot's pieces
 * @param deltaBytes length of the chunks
 */
record Head(long historyId, byte[] token, long first, int pieces, long next, long snapshotBytes, long deltaBytes) {
  private static final int FORMAT = 1;
  private static final int BYTES = 4 + 8 + Token.BYTES + 8 + 4 + 8 + 8 + 8;
  private static final long SMALL_LOG_BYTES = 4 << 20;
  private static final int SMALL_LOG_CHUNKS = 4096;
  private static final int DELTAS_BY_SNAPSHOT = 4;
  private static final int SNAPSHOT_BY_STATE = 2;

  /** Of a shard that has seen nothing. */
  static Head empty(long historyId) {
    return new Head(historyId, Token.NONE, 0, 0, 0, 0, 0);
  }

  /** Whether a snapshot in place of the log pays: the chunks are many, and much more than it would be. */
  boolean longLog() {
    return deltaBytes > Math.max(SMALL_LOG_BYTES, DELTAS_BY_SNAPSHOT * snapshotBytes) || next - first - pieces > SMALL_LOG_CHUNKS;
  }

  /**
   * Whether the snapshot is of much more than is held now.
   *
   * @param bytes what is held takes in memory now
   * @param bytesAtSnapshot what it took then; 0: that is not known, and the snapshot is taken to be about as long
   */
  boolean outlived(long bytes, long bytesAtSnapshot) {
    long then = bytesAtSnapshot > 0 ? bytesAtSnapshot : snapshotBytes;
    return snapshotBytes > SMALL_LOG_BYTES && then > SNAPSHOT_BY_STATE * bytes;
  }

  byte[] encode() {
    return ByteBuffer.allocate(BYTES)
        .putInt(FORMAT)
        .putLong(historyId)
        .put(token)
        .putLong(first)
        .putInt(pieces)
        .putLong(next)
        .putLong(snapshotBytes)
        .putLong(deltaBytes)
        .array();
  }

  static Head decode(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes);
    int format = bytes.length >= 4 ? in.getInt() : -1;
    if (bytes.length != BYTES || format != FORMAT) {
      throw new StateException("a shard's head of " + bytes.length + " bytes, format " + format + ": this program knows format " + FORMAT);
    }
    long historyId = in.getLong();
    byte[] token = new byte[Token.BYTES];
    in.get(token);
    return new Head(historyId, token, in.getLong(), in.getInt(), in.getLong(), in.getLong(), in.getLong());
  }
}

package bank.spark;

import java.nio.ByteBuffer;

/**
 * The native half: the one engine that all runtimes share, behind calls that each do the work of many records.
 *
 * <p>Things made here are named by handles, tagged longs that are never used twice: a wrong, closed or foreign one is
 * refused. Rules may be used by any number of threads; every other handle by one at a time: a call that meets it in use is
 * refused too. Rules may be closed while packers and shards made of them live on.
 *
 * <p>Buffers are direct. They are read and written from index 0, whatever their position and limit. All numbers in them
 * are little-endian. Texts are UTF-8.
 *
 * <p>Errors: {@link RulesException}, {@link StateException}, {@link BorderException}, or {@link NativeException} itself
 * where the machine is at fault (memory). After one the handle can be closed; a shard is good for nothing else where
 * {@link #restore}, {@link #replay} or {@link #judge} threw a {@link StateException}.
 *
 * <h2>Messages</h2>
 *
 * Each begins with 4 bytes of magic, u16 version (1), u16 (below), and its length in bytes, itself included.
 *
 * <p><b>BKR1</b>, raw records in the order of their partition, to {@link #pack}:
 *
 * <pre>
 *  0 "BKR1"   4 u16 version   6 u16 0   8 u32 length   12 i32 partition   16 u32 count   20 u32 0
 * 24 count × { i64 offset, i32 key length (−1: null), i32 value length (−1: null), key, value }
 * </pre>
 *
 * <p><b>BKD1</b>, chunks, from {@link #drain}:
 *
 * <pre>
 *  0 "BKD1"   4 u16 version   6 u16 0   8 u32 length   12 u32 count
 * 16 count × { i32 shard, u32 length, chunk }
 * </pre>
 *
 * <p><b>BKC1</b>, a chunk: up to some thousand records of one partition and one shard, compact, checksummed. What is in
 * it beyond this head is native code's alone:
 *
 * <pre>
 *  0 "BKC1"   4 u16 version   6 u8 kind (1 accepted, 2 rejected)   7 u8 0   8 i32 partition   12 u32 length
 * 16 i64 first offset (or line)   24 u64 hash of the rest   32 u32 count of records
 * </pre>
 *
 * The chunks of a shard are to be judged in the order of (partition, first offset). An accepted chunk is the delta that
 * it makes to the shard's state; a rejected one changes none, and need not be kept.
 *
 * <p><b>BKO1</b>, what a chunk came to, from {@link #judge}:
 *
 * <pre>
 *  0 "BKO1"   4 u16 version   6 u16 0   8 u32 length   12 u32 count of outputs
 * 16 u64 judged   24 u64 resends   32 u64 late (of the judged)   40 u64 rejected   48 u64 alerts
 * 56 u64 approved   64 u64 to review   72 u64 blocked   80 i64 newest event time, µs (Long.MIN_VALUE: none)
 * 88 u32 rules r   92 u32 reasons q   96 r × u64 alerts by rule   96+8r q × u64 rejected by reason
 * 96+8(r+q) count × {
 *    u8 kind (0 alert, 1 processed transaction, 2 dead letter), u8 reason (of dead letters, from 0), u16 0,
 *    i32 partition, i64 offset (or line), i64 event time, µs (Long.MIN_VALUE: dead letters),
 *    i32 key length (−1: null), i32 value length (−1: null), u16 exception length, u16 message length,
 *    key, value, exception, message }
 * </pre>
 *
 * Outputs stand in the order of their records. The value is a JSON text without a line break, a dead letter's the
 * record's own bytes (or a line as file mode writes it: option {@code dead_letters}). The key of what was judged is the
 * account. Exception and message are a dead letter's headers {@code __streams.errors.exception} and {@code …message},
 * and empty elsewhere.
 */
public final class Native {
  static {
    NativeLibrary.load();
  }

  private Native() {}

  /** {@code bank 0.1.0 <commit>; border 1; state 1}: the version of these calls, and that of chunks and snapshots. */
  public static native String version();

  // Rules -------------------------------------------------------------------------------------------------------------

  /**
   * Reads a rules file.
   *
   * @param yaml the file's bytes
   * @param name the file's name, for messages
   * @param options lines of {@code key=value}, each of which may be left out:
   *     <ul>
   *       <li>{@code lateness_us} (3600000000), {@code review} (50), {@code block} (80), as in bank.yaml
   *       <li>{@code map}: {@code field=column,…}, as {@code --map}
   *       <li>{@code processed} (no): {@code yes} to have an output for every transaction
   *       <li>{@code histories} (partition): {@code partition}: each partition has histories of its own, and forgets by
   *           its own time, as in Kafka mode; {@code shared}: one for all, in which nothing is forgotten, as in file
   *           mode
   *       <li>{@code dead_letters} (records): {@code records}: their own bytes; {@code lines}: JSON lines, as in file
   *           mode
   *       <li>{@code analytics} (no): {@code yes} to have shards add up the report
   *     </ul>
   *
   * @return rules, to be closed
   * @throws RulesException with every mistake, a line each
   */
  public static native long openRules(byte[] yaml, String name, String options);

  /**
   * JSON: {@code rules_version}, {@code history_id} (16 hex digits: rules whose histories are alike share it),
   * {@code rules: [{id, severity, score}]}, {@code window_us}, {@code lateness_us}, {@code reach_us} (how far back a live
   * history may reach), {@code state_version}, {@code reasons: [codes of rejection]}.
   */
  public static native String describeRules(long rules);

  public static native void closeRules(long rules);

  // Map side: raw records to chunks -----------------------------------------------------------------------------------

  /**
   * A packer, one for each task.
   *
   * @param shards how many there are, 1 to 65536; an account's is a function of its number and this alone
   * @param origin what stands before {@code partition/offset} in an alert's {@code source}: {@code topic/}; of rows of a
   *     file, what stands before the row's number: {@code path:}. Not used by packFile.
   */
  public static native long openPacker(long rules, int shards, String origin);

  /**
   * Decodes the records of a BKR1 message, which are JSON, and keeps them packed until they are drained. No byte behind
   * the message need be there. Refused messages change nothing.
   */
  public static native void pack(long packer, ByteBuffer in, int bytes);

  /**
   * Writes chunks that are full, in the order in which they became so, to {@code out} as a BKD1 message, as many as fit.
   * Where chunks end depends on the records alone, not on how they were given to {@link #pack}.
   *
   * @param all also those that are not full: at the end of the task, again and again until it returns 0
   * @return the message's length; 0: there are none; negative: not even one fits, and so many bytes would do
   */
  public static native int drain(long packer, ByteBuffer out, boolean all);

  /** JSON: {@code records}, {@code accepted}, {@code rejected}, {@code bytes}, {@code packed_bytes}, {@code chunks}. */
  public static native String packerCounts(long packer);

  public static native void closePacker(long packer);

  // Files, into a packer ----------------------------------------------------------------------------------------------

  /**
   * What kind of file it is, as file mode tells.
   *
   * @param rules whose {@code map} names the columns
   * @param name the file's name, without the ending of its compression
   * @param layout {@code auto}, or {@code jsonl}, {@code json} (an array of records) or {@code csv} to only check it
   * @param head the file's first bytes, decompressed; 1 MiB and some are always enough
   * @param whole whether that is all of the file
   * @return JSON: {@code layout}; {@code begin}: the index of the first byte that {@link #packFile} is to be given
   *     (behind a byte order mark and a CSV header); {@code line}: on which it stands, from 1; {@code header}: the CSV
   *     header; {@code splittable}: whether the file can be cut at any byte
   * @throws RulesException where a CSV header lacks a column, or has it twice
   */
  public static native String inspectFile(
      long rules, String name, String layout, ByteBuffer head, int bytes, boolean whole);

  /** How many line breaks are in {@code in}: to learn on which line a split begins. */
  public static native long countLines(ByteBuffer in, int bytes);

  /**
   * Begins with a file, or with a part of one; the one before must have been read to its end.
   *
   * @param file its number among all, in arrival order; the {@code partition} of its records. Their {@code offset} is
   *     the line on which they begin.
   * @param origin what stands before the line in an alert's {@code source}: {@code path:}
   * @param layout {@code jsonl}, {@code json} or {@code csv}
   * @param header the CSV header, else empty
   * @param line the line that the first byte stands on, from 1
   * @param skip whether the first byte is the one before the part: what stands up to the first line break, that one
   *     included, is then no record of this part
   * @param length records that begin at this index or behind, from the first byte that is given, are not of this part;
   *     {@code Long.MAX_VALUE} for a whole file
   * @throws RulesException the header is wrong
   */
  public static native void openFile(
      long packer,
      int file,
      String origin,
      String layout,
      String header,
      long line,
      boolean skip,
      long length);

  /**
   * Takes the file's next bytes, cut anywhere.
   *
   * @param last whether the file ends with them
   * @return whether more bytes are wanted: false behind the last, and as soon as the part's last record is whole
   * @throws NativeException the file is not what its layout says, {@code origin line N: …}, told behind all that could
   *     be read of it, which is packed
   */
  public static native boolean packFile(long packer, ByteBuffer in, int bytes, boolean last);

  // Reduce side: an engine for each shard -----------------------------------------------------------------------------

  public static native long openShard(long rules);

  /** Takes the pieces of a snapshot, in order, into a new shard. */
  public static native void restore(long shard, byte[] piece);

  /** Takes an accepted chunk for the histories' sake alone: says nothing and counts nothing. */
  public static native void replay(long shard, byte[] chunk);

  /**
   * Judges an accepted chunk, or says what becomes of a rejected one.
   *
   * @param nowMicros what {@code detected_at} is to say, µs since 1970
   * @return the length of the BKO1 message in {@code out}; negative: so many bytes would do. It is judged then; call
   *     {@link #take} before anything else.
   */
  public static native int judge(long shard, byte[] chunk, ByteBuffer out, long nowMicros);

  /** Writes the message that did not fit, and returns its length, or again the negative of it. */
  public static native int take(long shard, ByteBuffer out);

  /**
   * Keeps a chunk, accepted or rejected, for {@link #judgeCollected}: to judge in the order of event times.
   */
  public static native void collect(long shard, byte[] chunk);

  /**
   * Judges some thousands of the records collected: first the rejected in arrival order, then the others by event time,
   * and by arrival where that is equal. Nothing may be collected in between.
   *
   * @return the length of a BKO1 message in {@code out}; 0 when all are judged; negative as {@link #judge}
   */
  public static native int judgeCollected(long shard, ByteBuffer out, long nowMicros);

  /**
   * Writes the next piece of a snapshot of the shard, a message of its own, of at most 1 MiB and what {@code out} holds;
   * only one huge account may take more.
   *
   * @param begin begins a new snapshot. Nothing may be judged until it has returned 0.
   * @return the piece's length; 0 behind the last; negative: so many bytes would do, and the call is to be made again,
   *     without {@code begin}
   */
  public static native int snapshot(long shard, ByteBuffer out, boolean begin);

  /**
   * JSON: {@code accounts}, {@code entries}, {@code state_bytes} (held now), {@code judged}, {@code resends},
   * {@code late}, {@code replayed} (since it was opened), {@code trusted_us} (the newest trusted time of any partition,
   * or null).
   */
  public static native String shardStatistics(long shard);

  public static native void closeShard(long shard);

  // The report (option analytics) -------------------------------------------------------------------------------------

  /** What a shard has added up of all that it judged, as bytes that {@link #mergeAnalytics} and {@link #report} take. */
  public static native byte[] analytics(long shard);

  /** What both have added up, of different shards; the order makes no difference. */
  public static native byte[] mergeAnalytics(byte[] a, byte[] b);

  /**
   * The report, analytics_report.json.
   *
   * @param options lines of {@code key=value}: {@code input} (any number of them), {@code alerts_input}, {@code top}
   *     (10), {@code generated_at_us}, {@code resends} (left out: not known)
   */
  public static native String report(byte[] analytics, String options);
}

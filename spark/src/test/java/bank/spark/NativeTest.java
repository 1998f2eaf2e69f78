package bank.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The border as the JVM sees it; what is behind it has tests of its own, in C++. */
class NativeTest {
  private long rules;
  private final ByteBuffer out = Border.direct(4 << 20);

  @BeforeEach
  void open() {
    rules = Border.rules("processed=yes");
  }

  @AfterEach
  void close() {
    Native.closeRules(rules);
  }

  @Test
  void theVersionNamesBorderAndState() {
    assertTrue(Native.version().matches("bank \\S+ \\S+; border \\d+; state \\d+"), Native.version());
  }

  @Test
  void recordsGoThroughToOutputs() {
    long shard = Native.openShard(rules);
    List<String> values = new ArrayList<>();
    for (byte[] chunk : Border.chunks(rules, Border.raw(3, 100, 50))) {
      int length = Native.judge(shard, chunk, out, Border.NOW);
      assertEquals(length, out.getInt(8));
      assertEquals(50, out.getLong(16));
      values.addAll(Border.values(out));
    }
    assertEquals(50, values.stream().filter(value -> value.contains("\"decision\"")).count());
    String alert = values.stream().filter(value -> value.contains("\"T110:HIGH\"")).findFirst().orElseThrow();
    assertTrue(alert.contains("\"source\": \"topic/3/110\""), alert);
    assertTrue(values.get(0).contains("Zürich 😀") || values.get(1).contains("Zürich 😀"), values.get(0));
    assertTrue(Native.shardStatistics(shard).contains("\"judged\":50"));
    Native.closeShard(shard);
  }

  @Test
  void aSnapshotAndDeltasGiveTheSameShard() {
    long one = Native.openShard(rules);
    List<byte[]> chunks = new ArrayList<>();
    for (int batch = 0; batch < 6; ++batch) {
      chunks.addAll(Border.chunks(rules, Border.raw(0, batch * 100L, 100)));
    }
    for (byte[] chunk : chunks.subList(0, 3)) {
      Native.judge(one, chunk, out, Border.NOW);
    }
    List<byte[]> pieces = new ArrayList<>();
    ByteBuffer small = Border.direct(4096);
    int length = Native.snapshot(one, small, true);
    while (length != 0) {
      if (length < 0) { // one account is larger than that
        small = Border.direct(-length);
        length = Native.snapshot(one, small, false);
      }
      byte[] piece = new byte[length];
      small.get(0, piece);
      pieces.add(piece);
      length = Native.snapshot(one, small, false);
    }
    long other = Native.openShard(rules);
    for (byte[] piece : pieces) {
      Native.restore(other, piece);
    }
    Native.judge(one, chunks.get(3), out, Border.NOW);
    Native.replay(other, chunks.get(3));
    for (byte[] chunk : chunks.subList(4, 6)) {
      byte[] expected = new byte[Native.judge(one, chunk, out, Border.NOW)];
      out.get(0, expected);
      byte[] found = new byte[Native.judge(other, chunk, out, Border.NOW)];
      out.get(0, found);
      assertArrayEquals(expected, found);
    }
    Native.closeShard(one);
    Native.closeShard(other);
  }

  @Test
  void whatDoesNotFitWaits() {
    long shard = Native.openShard(rules);
    byte[] chunk = Border.chunks(rules, Border.raw(0, 0, 100)).get(0);
    ByteBuffer tiny = Border.direct(10);
    int needed = -Native.judge(shard, chunk, tiny, Border.NOW);
    assertTrue(needed > 1000);
    assertThrows(BorderException.class, () -> Native.judge(shard, chunk, out, Border.NOW));
    assertEquals(needed, Native.take(shard, out));
    assertEquals(100, out.getLong(16));
    Native.closeShard(shard);
    long packer = Native.openPacker(rules, 1, "t/");
    ByteBuffer raw = Border.raw(0, 0, 100);
    Native.pack(packer, raw, raw.limit());
    assertTrue(Native.drain(packer, tiny, true) < -16);
    Native.closePacker(packer);
  }

  @Test
  void wrongAndClosedHandlesAreRefused() {
    long shard = Native.openShard(rules);
    long packer = Native.openPacker(rules, 1, "t/");
    byte[] chunk = Border.chunks(rules, Border.raw(0, 0, 10)).get(0);
    long closed = Native.openShard(rules);
    Native.closeShard(closed);
    Random random = new Random(1);
    List<Long> wrong = new ArrayList<>(List.of(0L, -1L, 1L, Long.MIN_VALUE, rules, packer, closed, shard ^ 1L << 40));
    for (int i = 0; i < 1000; ++i) {
      wrong.add(random.nextLong());
    }
    for (long handle : wrong) {
      refused(BorderException.class, () -> Native.judge(handle, chunk, out, Border.NOW));
      refused(BorderException.class, () -> Native.replay(handle, chunk));
      refused(BorderException.class, () -> Native.restore(handle, chunk));
      refused(BorderException.class, () -> Native.snapshot(handle, out, true));
      refused(BorderException.class, () -> Native.take(handle, out));
      refused(BorderException.class, () -> Native.shardStatistics(handle));
      refused(BorderException.class, () -> Native.analytics(handle));
      refused(BorderException.class, () -> Native.closeShard(handle));
    }
    refused(BorderException.class, () -> Native.pack(shard, out, 24));
    refused(BorderException.class, () -> Native.drain(rules, out, true));
    refused(BorderException.class, () -> Native.openShard(shard));
    refused(BorderException.class, () -> Native.describeRules(packer));
    Native.closePacker(packer);
    refused(BorderException.class, () -> Native.packerCounts(packer));
    refused(BorderException.class, () -> Native.closePacker(packer));
    Native.closeShard(shard);
  }

  @Test
  void buffersThatAreNoneAreRefused() {
    long packer = Native.openPacker(rules, 1, "t/");
    ByteBuffer raw = Border.raw(0, 0, 5);
    refused(BorderException.class, () -> Native.pack(packer, ByteBuffer.allocate(100), 10));
    refused(BorderException.class, () -> Native.pack(packer, null, 0));
    refused(BorderException.class, () -> Native.pack(packer, raw, raw.capacity() + 1));
    refused(BorderException.class, () -> Native.pack(packer, raw, -1));
    refused(BorderException.class, () -> Native.pack(packer, raw, raw.limit() - 1));
    refused(BorderException.class, () -> Native.drain(packer, raw.asReadOnlyBuffer(), true));
    refused(BorderException.class, () -> Native.drain(packer, ByteBuffer.allocate(100), true));
    refused(BorderException.class, () -> Native.openPacker(rules, 0, "t/"));
    refused(BorderException.class, () -> Native.openPacker(rules, 1, null));
    refused(BorderException.class, () -> Native.openRules(null, "f", ""));
    Native.closePacker(packer);
    long shard = Native.openShard(rules);
    refused(BorderException.class, () -> Native.judge(shard, null, out, 0));
    Native.closeShard(shard);
  }

  @Test
  void corruptBytesAreRefusedAndNothingElseHappens() {
    ByteBuffer raw = Border.raw(0, 0, 20);
    byte[] chunk = Border.chunks(rules, raw).get(0);
    Random random = new Random(2);
    for (int i = 0; i < 5000; ++i) {
      byte[] corrupt = chunk.clone();
      corrupt[random.nextInt(corrupt.length)] ^= (byte) (1 + random.nextInt(255));
      long shard = Native.openShard(rules);
      refused(StateException.class, () -> Native.judge(shard, corrupt, out, 0));
      refused(StateException.class, () -> Native.replay(shard, corrupt)); // it is of no more use
      Native.closeShard(shard);
      long other = Native.openShard(rules);
      refused(StateException.class, () -> Native.restore(other, corrupt));
      Native.closeShard(other);
    }
    refused(StateException.class, () -> Native.mergeAnalytics(chunk, chunk));
    refused(StateException.class, () -> Native.report(new byte[0], ""));
    // A raw message has no checksum: it is refused, or its records are.
    for (int i = 0; i < 5000; ++i) {
      ByteBuffer corrupt = Border.direct(raw.limit()).put(0, raw, 0, raw.limit());
      corrupt.put(random.nextInt(raw.limit()), (byte) random.nextInt());
      corrupt.put(random.nextInt(40), (byte) random.nextInt());
      long packer = Native.openPacker(rules, 1, "t/");
      try {
        Native.pack(packer, corrupt, corrupt.limit());
        assertTrue(Native.packerCounts(packer).contains("\"records\":20"));
      } catch (BorderException e) {
        assertTrue(Native.packerCounts(packer).contains("\"records\":0"), e.getMessage());
      }
      Native.closePacker(packer);
    }
  }

  @Test
  void mistakesInRulesAndOptionsSayWhere() {
    byte[] wrong = "version: 1\nrules:\n  - {id: A, severity: LOW, score: 1, when: amont > 2, reason: r}\n".getBytes();
    RulesException e = assertThrows(RulesException.class, () -> Native.openRules(wrong, "é😀.yaml", ""));
    assertTrue(e.getMessage().startsWith("é😀.yaml:3:"), e.getMessage());
    assertTrue(e.getMessage().contains("amount"), e.getMessage());
    e = assertThrows(RulesException.class, () -> Border.rules("procesed=yes"));
    assertTrue(e.getMessage().contains("no such option"), e.getMessage());
  }

  @Test
  void aSnapshotOfOtherRulesIsSaidToBe() {
    long shard = Native.openShard(rules);
    byte[] piece = new byte[Native.snapshot(shard, out, true)];
    out.get(0, piece);
    Native.closeShard(shard);
    long other = Border.rules("lateness_us=5");
    long foreign = Native.openShard(other);
    StateException e = assertThrows(StateException.class, () -> Native.restore(foreign, piece));
    assertTrue(e.getMessage().contains("other rules"), e.getMessage());
    Native.closeShard(foreign);
    Native.closeRules(other);
  }

  @Test
  void filesArePackedAndReported() {
    long batch = Border.rules("histories=shared\nanalytics=yes\ndead_letters=lines");
    StringBuilder text = new StringBuilder("rubbish\n");
    for (int i = 0; i < 100; ++i) {
      text.append(Border.transaction(i, i % 5, 1000)).append('\n');
    }
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer in = Border.direct(bytes.length).put(0, bytes);
    assertEquals(101, Native.countLines(in, bytes.length));
    String head = Native.inspectFile(batch, "a.jsonl", "auto", in, 1000, false);
    assertEquals(
        "{\"layout\":\"jsonl\",\"begin\":0,\"line\":1,\"header\":\"\",\"splittable\":true}", head);
    long packer = Native.openPacker(batch, 1, "");
    refused(BorderException.class, () -> Native.packFile(packer, in, 1, false));
    Native.openFile(packer, 0, "a.jsonl:", "jsonl", "", 1, false, Long.MAX_VALUE);
    refused(BorderException.class, () -> Native.openFile(packer, 1, "b:", "jsonl", "", 1, false, Long.MAX_VALUE));
    assertFalse(Native.packFile(packer, in, bytes.length, true));
    long shard = Native.openShard(batch);
    for (byte[] chunk : Border.drain(packer)) {
      Native.collect(shard, chunk);
    }
    List<String> values = new ArrayList<>();
    while (Native.judgeCollected(shard, out, Border.NOW) > 0) {
      values.addAll(Border.values(out));
    }
    assertTrue(values.get(0).startsWith("{\"reason\": \"not_json\", \"source\": \"a.jsonl:1\""), values.get(0));
    assertTrue(values.get(1).contains("\"source\": \"a.jsonl:2\""), values.get(1));
    byte[] sums = Native.analytics(shard);
    assertTrue(Native.report(sums, "generated_at_us=1").contains("\"T") || Native.report(sums, "").length() > 1000);
    assertEquals(
        Native.report(sums, "generated_at_us=1\ninput=a"),
        Native.report(
            Native.mergeAnalytics(Native.analytics(emptyShard(batch)), sums), "generated_at_us=1\ninput=a"));
    Native.closeShard(shard);
    Native.closePacker(packer);
    Native.closeRules(batch);
  }

  private static long emptyShard(long rules) {
    return Native.openShard(rules);
  }

  /** In a process of its own, whose heap is all there from the start: what grows then is native. */
  @Test
  void aMillionCallsLeaveNothingBehind() throws Exception {
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms64m",
                "-Xmx64m",
                "-XX:+AlwaysPreTouch",
                "-XX:ReservedCodeCacheSize=32m",
                "-cp",
                System.getProperty("java.class.path"),
                ManyCalls.class.getName())
            .redirectErrorStream(true)
            .start();
    String said = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, java.waitFor(), said);
    long grown = Long.parseLong(said.substring(said.trim().lastIndexOf('\n') + 1).trim()); // behind Java's warnings
    assertTrue(grown < 24 << 20, "grew by " + grown + " bytes");
  }

  /** Makes 1.5 million calls of every sort, and prints by how much the process has grown since the first of them. */
  static final class ManyCalls {
    public static void main(String[] arguments) throws IOException {
      long rules = Border.rules("processed=yes");
      ByteBuffer raw = Border.raw(0, 0, 3);
      ByteBuffer out = Border.direct(1 << 20);
      byte[] chunk = Border.chunks(rules, raw).get(0);
      long warm = 0;
      for (int i = 0; i < 150_000; ++i) {
        long packer = Native.openPacker(rules, 2, "t/");
        Native.pack(packer, raw, raw.limit());
        Native.drain(packer, out, true);
        Native.packerCounts(packer);
        Native.closePacker(packer);
        long shard = Native.openShard(rules);
        Native.judge(shard, chunk, out, Border.NOW);
        Native.snapshot(shard, out, true);
        refused(BorderException.class, () -> Native.take(shard, out));
        Native.closeShard(shard);
        if (i == 30_000) {
          warm = residentBytes();
        }
      }
      System.out.println(residentBytes() - warm);
    }
  }

  @Test
  void twoThreadsJudgeAtOnceAndOneHandleIsOneThreads() throws Exception {
    List<byte[]> chunks = Border.chunks(rules, Border.raw(0, 0, 2000));
    long contested = Native.openShard(rules);
    Callable<String> work =
        () -> {
          ByteBuffer own = Border.direct(4 << 20);
          String statistics = "";
          for (int round = 0; round < 20; ++round) {
            long shard = Native.openShard(rules);
            for (byte[] chunk : chunks) {
              Native.judge(shard, chunk, own, Border.NOW);
              try {
                Native.judge(contested, chunk, own, Border.NOW);
              } catch (BorderException e) {
                assertTrue(e.getMessage().contains("in use"), e.getMessage());
              }
            }
            statistics = Native.shardStatistics(shard);
            Native.closeShard(shard);
          }
          return statistics;
        };
    ExecutorService threads = Executors.newFixedThreadPool(2);
    Future<String> first = threads.submit(work);
    Future<String> second = threads.submit(work);
    assertEquals(first.get(), second.get());
    threads.shutdown();
    Native.closeShard(contested);
  }

  private static void refused(Class<? extends NativeException> kind, Executable call) {
    assertEquals(kind, assertThrows(NativeException.class, call).getClass());
  }

  private static long residentBytes() throws IOException {
    String pages = Files.readString(Path.of("/proc/self/statm")).split(" ")[1];
    return Long.parseLong(pages) * 4096;
  }
}

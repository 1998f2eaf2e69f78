package bank.spark;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * A file of transactions.
 *
 * @param number its place among all, in arrival order
 * @param name as it was given; it stands in the alerts' {@code source}
 * @param path where any process finds it
 * @param layout {@code jsonl}, {@code json}, {@code csv} or {@code parquet}
 * @param bytes its length as it lies
 * @param begin of its records, behind a header
 * @param line that {@code begin} stands on, from 1
 * @param header of a CSV
 * @param splittable whether it may be read from its midst
 */
record InputFile(int number, String name, String path, String layout, long bytes, long begin, long line, String header, boolean splittable)
    implements Serializable {
  private static final int HEAD_BYTES = (1 << 20) + (1 << 18);
  private static final int COMPRESSED = 8; // how many times longer JSON gets, about

  /** About how long it is as text. */
  long textBytes() {
    return splittable || layout.equals("csv") ? bytes : COMPRESSED * bytes;
  }

  String origin() {
    return name + ":";
  }

  /**
   * Looks at every file that the inputs come to: paths, patterns (whose files are sorted), and folders (all files in them that
   * are not hidden, sorted).
   *
   * @param format {@code auto}, {@code jsonl}, {@code json} (lines or an array), {@code csv} or {@code parquet}
   */
  static List<InputFile> all(List<String> inputs, String format, RulesOf rules, Configuration hadoop) {
    List<InputFile> files = new ArrayList<>();
    for (String input : inputs) {
      for (String path : expand(input, hadoop)) {
        try {
          files.add(inspect(files.size(), path, format, rules, hadoop));
        } catch (IOException e) {
          throw unreadable(path, e);
        }
      }
    }
    if (files.isEmpty()) {
      throw new Failure("settings", "no file to read", "name files, patterns or folders");
    }
    return files;
  }

  private static List<String> expand(String input, Configuration hadoop) {
    Path path = new Path(ByteSource.isLocal(input) ? "file://" + java.nio.file.Path.of(input).toAbsolutePath() : input);
    try {
      FileStatus[] found = path.getFileSystem(hadoop).globStatus(path);
      if (found == null || found.length == 0) {
        throw new FileNotFoundException(input.matches(".*[*?\\[{].*") ? "no file matches" : "no such file");
      }
      List<String> all = new ArrayList<>();
      for (FileStatus each : found) {
        if (each.isDirectory()) {
          for (FileStatus inside : path.getFileSystem(hadoop).listStatus(each.getPath())) {
            if (inside.isFile() && !inside.getPath().getName().matches("[._].*")) {
              all.add(asGiven(input, inside.getPath()));
            }
          }
        } else {
          all.add(asGiven(input, each.getPath()));
        }
      }
      all.sort(null);
      return all;
    } catch (IOException e) {
      throw unreadable(input, e);
    }
  }

  /** A local file that was named from the working folder is told of so, too. */
  private static String asGiven(String input, Path found) {
    if (!ByteSource.isLocal(input)) {
      return found.toString();
    }
    java.nio.file.Path local = java.nio.file.Path.of(found.toUri().getPath());
    java.nio.file.Path here = java.nio.file.Path.of("").toAbsolutePath();
    if (input.startsWith("/")) {
      return local.toString();
    }
    return input.startsWith("./") ? "./" + here.relativize(local) : here.relativize(local).toString();
  }

  private static InputFile inspect(int number, String given, String format, RulesOf rules, Configuration hadoop) throws IOException {
    String path = ByteSource.isLocal(given) ? java.nio.file.Path.of(given).toAbsolutePath().toString() : given;
    long bytes = ByteSource.isLocal(path) ? Files.size(java.nio.file.Path.of(path)) : new Path(path).getFileSystem(hadoop).getFileStatus(new Path(path)).getLen();
    byte[] magic = ByteSource.magic(path, hadoop);
    if (format.equals("parquet") || (magic.length == 4 && new String(magic, StandardCharsets.ISO_8859_1).equals("PAR1"))) {
      return new InputFile(number, given, path, "parquet", bytes, 0, 1, "", false);
    }
    String compression = ByteSource.compression(magic);
    ByteBuffer head = ByteBuffer.allocateDirect(HEAD_BYTES);
    boolean whole;
    try (ByteSource source = ByteSource.whole(path, hadoop)) {
      whole = source.fill(head);
    }
    String name = compression.isEmpty() ? given : given.replaceFirst("\\.(gz|zst|zstd)$", "");
    JsonNode told = StreamJob.parse(Native.inspectFile(rules.handle(), name, layout(format, head), head, head.position(), whole));
    return new InputFile(number, given, path, told.path("layout").asText(), bytes, told.path("begin").asLong(), told.path("line").asLong(),
        told.path("header").asText(), compression.isEmpty() && told.path("splittable").asBoolean());
  }

  private static String layout(String format, ByteBuffer head) {
    if (!format.equals("json")) {
      return format;
    }
    for (int i = 0; i < head.position(); ++i) {
      if (!Character.isWhitespace(head.get(i))) {
        return head.get(i) == '[' ? "json" : "jsonl";
      }
    }
    return "jsonl";
  }

  private static Failure unreadable(String path, IOException e) {
    return new Failure("input", "cannot read " + path + ": " + e.getMessage(), "name files that are there, for executors, too");
  }
}

package bank.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.local.LocalFs;
import org.apache.hadoop.fs.permission.FsPermission;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalFilesTest {
  @TempDir java.nio.file.Path folder;

  /** Files by this class, or by Hadoop's own. */
  private static FileContext files(Class<?> by) throws IOException {
    Configuration conf = new Configuration();
    conf.set(LocalFiles.SETTING.substring("spark.hadoop.".length()), by.getName());
    return FileContext.getFileContext(URI.create("file:///"), conf);
  }

  private Path path(String name) {
    return new Path(folder.resolve(name).toUri());
  }

  private static void write(FileContext files, Path path, String text) throws IOException {
    try (FSDataOutputStream out = files.create(path, EnumSet.of(CreateFlag.CREATE, CreateFlag.OVERWRITE), Options.CreateOpts.createParent())) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private static String read(FileContext files, Path path) throws IOException {
    try (FSDataInputStream in = files.open(path)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Name → permissions and content of all that is below. */
  private static TreeMap<String, String> all(java.nio.file.Path folder) throws IOException {
    TreeMap<String, String> all = new TreeMap<>();
    try (Stream<java.nio.file.Path> paths = Files.walk(folder)) {
      for (java.nio.file.Path path : (Iterable<java.nio.file.Path>) paths::iterator) {
        String content = Files.isDirectory(path) ? "" : new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
        all.put(folder.relativize(path).toString(), PosixFilePermissions.toString(Files.getPosixFilePermissions(path)) + content);
      }
    }
    return all;
  }

  /** What a checkpoint does. */
  private void work(FileContext files, String in) throws IOException {
    files.setUMask(new FsPermission("027"));
    files.mkdir(path(in + "/a/b"), new FsPermission("751"), true);
    write(files, path(in + "/a/b/.1.tmp"), "one");
    files.rename(path(in + "/a/b/.1.tmp"), path(in + "/a/b/1"));
    write(files, path(in + "/a/b/2"), "old");
    write(files, path(in + "/a/b/.2.tmp"), "new");
    files.rename(path(in + "/a/b/.2.tmp"), path(in + "/a/b/2"), Options.Rename.OVERWRITE);
    write(files, path(in + "/a/3"), "three");
    files.setPermission(path(in + "/a/3"), new FsPermission("604"));
    write(files, path(in + "/a/4"), "four");
    files.delete(path(in + "/a/4"), false);
  }

  @Test
  void leavesTheSameFilesAsHadoopsOwn() throws IOException {
    for (Class<?> by : List.of(LocalFiles.class, LocalFs.class)) {
      String in = by == LocalFs.class ? "hadoops" : "ours";
      work(files(by), in);
      Files.createSymbolicLink(folder.resolve(in + "/a/link"), folder.resolve(in + "/a/3"));
      files(by).rename(path(in + "/a/link"), path(in + "/a/renamed"));
    }
    TreeMap<String, String> ours = all(folder.resolve("ours"));
    assertEquals(all(folder.resolve("hadoops")), ours);
    assertTrue(ours.containsKey("a/b/.1.crc"), "there are checksums: " + ours.keySet());
  }

  @Test
  void refusesToRenameOverAFileOrNothing() throws IOException {
    FileContext files = files(LocalFiles.class);
    write(files, path("from"), "new");
    write(files, path("to"), "old");
    assertThrows(FileAlreadyExistsException.class, () -> files.rename(path("from"), path("to")));
    assertEquals("old", read(files, path("to")));
    assertThrows(FileNotFoundException.class, () -> files.rename(path("nothing"), path("there")));
    assertThrows(FileNotFoundException.class, () -> files.getFileLinkStatus(path("nothing")));
  }

  @Test
  void keepsTheStickyBit() throws IOException {
    FileContext files = files(LocalFiles.class);
    files.mkdir(path("shared"), FsPermission.getDirDefault(), true);
    files.setPermission(path("shared"), new FsPermission("1777"));
    assertEquals(01777, (int) (Integer) Files.getAttribute(folder.resolve("shared"), "unix:mode") & 07777);
  }

  @Test
  void startsNoProcess() throws IOException {
    work(files(LocalFiles.class), "first"); // Hadoop tries once what this system has
    List<String> before = children();
    work(files(LocalFiles.class), "quiet");
    assertArrayEquals(before.toArray(), children().toArray());
  }

  /** How often this process has forked cannot be asked; how much CPU time its children took can. */
  private static List<String> children() throws IOException {
    String[] fields = Files.readString(java.nio.file.Path.of("/proc/self/stat")).replaceFirst(".*\\) ", "").split(" ");
    return List.of(fields[8], fields[10], fields[13], fields[14]); // their faults and times (proc(5): cminflt, cmajflt, cutime, cstime)
  }
}

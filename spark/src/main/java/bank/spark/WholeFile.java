package bank.spark;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;

/** Writes a file of the driver's, which is there with all of its content or not at all. */
final class WholeFile {
  private static final String PART = ".part";

  private WholeFile() {}

  static void write(String path, Iterator<byte[]> blocks, Configuration hadoop) {
    try {
      if (ByteSource.isLocal(path)) {
        writeLocal(Path.of(path).toAbsolutePath(), blocks);
      } else {
        writeFar(new org.apache.hadoop.fs.Path(path), blocks, hadoop);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + path + ": " + e.getMessage(), e);
    }
  }

  private static void writeLocal(Path path, Iterator<byte[]> blocks) throws IOException {
    Files.createDirectories(path.getParent());
    Path part = path.resolveSibling(path.getFileName() + PART);
    boolean done = false;
    try {
      try (OutputStream out = Files.newOutputStream(part)) {
        while (blocks.hasNext()) {
          out.write(blocks.next());
        }
      }
      Files.move(part, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
      done = true;
    } finally {
      if (!done) {
        Files.deleteIfExists(part);
      }
    }
  }

  private static void writeFar(org.apache.hadoop.fs.Path path, Iterator<byte[]> blocks, Configuration hadoop) throws IOException {
    FileSystem files = path.getFileSystem(hadoop);
    org.apache.hadoop.fs.Path part = path.suffix(PART);
    files.deleteOnExit(part); // if it is still there then
    try (OutputStream out = files.create(part, true)) {
      while (blocks.hasNext()) {
        out.write(blocks.next());
      }
    }
    files.delete(path, false);
    if (!files.rename(part, path)) {
      throw new IOException("it can't be given its name");
    }
  }
}

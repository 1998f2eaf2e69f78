package bank.spark;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/** A file's bytes, decompressed, from wherever it lies. */
abstract class ByteSource implements AutoCloseable {
  private static final int MAGIC_BYTES = 4;
  private static final int COPY_BYTES = 1 << 16;

  /** Whether a path is of this machine's own files, and not of a file system that Hadoop knows. */
  static boolean isLocal(String path) {
    return !path.contains("://");
  }

  /** The file as it lies, from this byte on. */
  static ByteSource plain(String path, long from, Configuration hadoop) throws IOException {
    return isLocal(path) ? new Local(path, from) : new Stream(openRaw(path, from, hadoop));
  }

  /** The file from its beginning, decompressed if it is gzip or zstd, by its first bytes. */
  static ByteSource whole(String path, Configuration hadoop) throws IOException {
    byte[] magic = magic(path, hadoop);
    if (compression(magic).isEmpty()) {
      return plain(path, 0, hadoop);
    }
    InputStream raw = isLocal(path) ? Files.newInputStream(java.nio.file.Path.of(path)) : openRaw(path, 0, hadoop);
    return new Stream(compression(magic).equals("gzip") ? new GZIPInputStream(raw, COPY_BYTES) : new ZstdInputStream(raw));
  }

  /** The first bytes of the file as it lies, four at most. */
  static byte[] magic(String path, Configuration hadoop) throws IOException {
    try (ByteSource source = plain(path, 0, hadoop)) {
      ByteBuffer head = ByteBuffer.allocate(MAGIC_BYTES);
      source.fill(head);
      byte[] bytes = new byte[head.position()];
      head.get(0, bytes);
      return bytes;
    }
  }

  /** {@code gzip}, {@code zstd} or nothing. */
  static String compression(byte[] magic) {
    if (begins(magic, 0x1F, 0x8B)) {
      return "gzip";
    }
    return begins(magic, 0x28, 0xB5, 0x2F, 0xFD) ? "zstd" : "";
  }

  /** Some bytes into {@code to}; −1 at the end. */
  protected abstract int read(ByteBuffer to) throws IOException;

  /** Reads until {@code to} is full or the file ends; whether it has ended. */
  final boolean fill(ByteBuffer to) throws IOException {
    while (to.hasRemaining()) {
      if (read(to) < 0) {
        return true;
      }
    }
    return false;
  }

  @Override
  public abstract void close() throws IOException;

  private static boolean begins(byte[] bytes, int... with) {
    for (int i = 0; i < with.length; ++i) {
      if (i >= bytes.length || (bytes[i] & 0xFF) != with[i]) {
        return false;
      }
    }
    return true;
  }

  private static InputStream openRaw(String path, long from, Configuration hadoop) throws IOException {
    Path file = new Path(path);
    FSDataInputStream in = file.getFileSystem(hadoop).open(file);
    in.seek(from);
    return in;
  }

  private static final class Local extends ByteSource {
    private final FileChannel channel;

    Local(String path, long from) throws IOException {
      channel = FileChannel.open(java.nio.file.Path.of(path), StandardOpenOption.READ);
      channel.position(from);
    }

    @Override
    protected int read(ByteBuffer to) throws IOException {
      return channel.read(to);
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private static final class Stream extends ByteSource {
    private final InputStream in;
    private final byte[] copy = new byte[COPY_BYTES];

    Stream(InputStream in) {
      this.in = in;
    }

    @Override
    protected int read(ByteBuffer to) throws IOException {
      int bytes = in.read(copy, 0, Math.min(copy.length, to.remaining()));
      if (bytes > 0) {
        to.put(copy, 0, bytes);
      }
      return bytes;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }
}

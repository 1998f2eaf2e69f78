package bank.spark;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/**
 * A part of a file that one task reads.
 *
 * @param begin its first byte; the records that begin in it are its own
 * @param end the byte behind it; Long.MAX_VALUE: that of the file
 * @param line on which the byte that reading begins with stands, from 1
 */
record FilePart(InputFile file, long begin, long end, long line) implements Serializable {
  /** The parts of a file that can be cut are about so long; their lines are not known yet. */
  static List<FilePart> of(InputFile file, long partBytes) {
    List<FilePart> parts = new ArrayList<>();
    long begin = file.begin();
    while (file.splittable() && file.bytes() - begin > partBytes + partBytes / 2) {
      parts.add(new FilePart(file, begin, begin + partBytes, file.line()));
      begin += partBytes;
    }
    parts.add(new FilePart(file, begin, Long.MAX_VALUE, file.line()));
    return parts;
  }

  FilePart onLine(long itsLine) {
    return new FilePart(file, begin, end, itsLine);
  }

  boolean first() {
    return begin == file.begin();
  }

  /** Where reading begins: one byte before a part that is not the first, to see whether its first line is whole. */
  long from() {
    return first() ? begin : begin - 1;
  }

  /** Line breaks up to where the reading of the next part begins. */
  long countLines(Configuration hadoop) throws IOException {
    ByteBuffer buffer = Buffers.take();
    try (ByteSource source = ByteSource.plain(file.path(), from(), hadoop)) {
      long left = end - 1 - from();
      long lines = 0;
      boolean ended = false;
      while (left > 0 && !ended) {
        buffer.clear().limit((int) Math.min(buffer.capacity(), left));
        ended = source.fill(buffer);
        lines += Native.countLines(buffer, buffer.position());
        left -= buffer.position();
      }
      return lines;
    } finally {
      Buffers.give(buffer);
    }
  }

  ByteSource open(Configuration hadoop) throws IOException {
    if (file.splittable()) {
      return ByteSource.plain(file.path(), from(), hadoop);
    }
    ByteSource source = ByteSource.whole(file.path(), hadoop);
    try {
      skip(source);
    } catch (IOException e) {
      source.close();
      throw e;
    }
    return source;
  }

  private void skip(ByteSource source) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
    for (long left = begin; left > 0; left -= buffer.position()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), left));
      if (source.fill(buffer)) {
        return;
      }
    }
  }
}

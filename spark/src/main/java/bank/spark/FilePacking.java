package bank.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;

/** The map side of a batch: parts of files, by their numbers, become chunks. */
final class FilePacking implements MapPartitionsFunction<Long, Row> {
  private static final long serialVersionUID = 1L;

  private final List<FilePart> parts;
  private final RulesOf rules;
  private final int shards;
  private final SerializableConfiguration hadoop;

  FilePacking(List<FilePart> parts, RulesOf rules, int shards, SerializableConfiguration hadoop) {
    this.parts = parts;
    this.rules = rules;
    this.shards = shards;
    this.hadoop = hadoop;
  }

  @Override
  public Iterator<Row> call(Iterator<Long> numbers) {
    Rows rows = new Rows(numbers);
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> rows.close());
    return rows;
  }

  private final class Rows implements Iterator<Row> {
    private final Iterator<Long> numbers;
    private final Packer<Row> packer = new Packer<>(rules, shards, "", BatchJob::chunkRow);
    private ByteBuffer buffer = Buffers.take();
    private ByteSource source;
    private boolean ended;

    Rows(Iterator<Long> numbers) {
      this.numbers = numbers;
    }

    @Override
    public boolean hasNext() {
      try {
        while (packer.ready().isEmpty() && !ended) {
          advance();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return !packer.ready().isEmpty();
    }

    @Override
    public Row next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return packer.ready().poll();
    }

    private void advance() throws IOException {
      if (source == null) {
        if (!numbers.hasNext()) {
          packer.drain(true);
          ended = true;
          return;
        }
        begin(parts.get((int) (long) numbers.next()));
      }
      buffer.clear();
      boolean last = source.fill(buffer);
      if (!Native.packFile(packer.handle(), buffer, buffer.position(), last)) {
        source.close();
        source = null;
      }
      packer.drain(false);
    }

    private void begin(FilePart part) throws IOException {
      InputFile file = part.file();
      source = part.open(hadoop.value());
      long length = part.end() == Long.MAX_VALUE ? Long.MAX_VALUE : part.end() - part.from();
      Native.openFile(packer.handle(), file.number(), file.origin(), file.layout(), file.header(), part.line(), !part.first(), length);
    }

    void close() {
      packer.close();
      if (buffer != null) {
        Buffers.give(buffer);
        buffer = null;
      }
      if (source != null) {
        try {
          source.close();
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        source = null;
      }
    }
  }
}

package bank.spark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/** The map side of a batch: parts of files become chunks. */
final class FilePacking implements PairFlatMapFunction<Iterator<FilePart>, ChunkPlace, byte[]> {
  private static final long serialVersionUID = 1L;

  private final RulesOf rules;
  private final int shards;
  private final SerializableConfiguration hadoop;

  FilePacking(RulesOf rules, int shards, SerializableConfiguration hadoop) {
    this.rules = rules;
    this.shards = shards;
    this.hadoop = hadoop;
  }

  @Override
  public Iterator<Tuple2<ChunkPlace, byte[]>> call(Iterator<FilePart> parts) {
    Chunks chunks = new Chunks(parts);
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) context -> chunks.close());
    return chunks;
  }

  private final class Chunks implements Iterator<Tuple2<ChunkPlace, byte[]>> {
    private final Iterator<FilePart> parts;
    private final Packer<Tuple2<ChunkPlace, byte[]>> packer = new Packer<>(rules, shards, "", ChunkPlace::chunkAt);
    private ByteBuffer buffer = Buffers.take();
    private ByteSource source;
    private boolean ended;

    Chunks(Iterator<FilePart> parts) {
      this.parts = parts;
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
    public Tuple2<ChunkPlace, byte[]> next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return packer.ready().poll();
    }

    private void advance() throws IOException {
      if (source == null) {
        if (!parts.hasNext()) {
          packer.drain(true);
          ended = true;
          return;
        }
        begin(parts.next());
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

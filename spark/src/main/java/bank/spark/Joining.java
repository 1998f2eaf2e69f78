package bank.spark;

import java.io.ByteArrayOutputStream;
import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;

/** Lines become blocks of lines, few and large, on their way to the driver. */
final class Joining implements MapPartitionsFunction<byte[], byte[]> {
  private static final long serialVersionUID = 1L;
  private static final int BLOCK_BYTES = 1 << 20;

  @Override
  public Iterator<byte[]> call(Iterator<byte[]> lines) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return lines.hasNext();
      }

      @Override
      public byte[] next() {
        ByteArrayOutputStream block = new ByteArrayOutputStream(BLOCK_BYTES + BLOCK_BYTES / 8);
        do {
          block.writeBytes(lines.next());
          block.write('\n');
        } while (block.size() < BLOCK_BYTES && lines.hasNext());
        return block.toByteArray();
      }
    };
  }
}

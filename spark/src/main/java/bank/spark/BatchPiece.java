package bank.spark;

import java.io.Serializable;

/** What the judging of a shard gives: its results, in the order in which they were found, and at the end what they came to. */
sealed interface BatchPiece extends Serializable {
  /** A BKO1 message (Outputs) that holds some. */
  record Results(byte[] message) implements BatchPiece {}

  /** {@code bytes}: of the values of each kind of Outputs. */
  record Totals(Counts counts, long[] bytes) implements BatchPiece {
    Totals() {
      this(new Counts(), new long[Outputs.KINDS]);
    }

    void add(Totals other) {
      counts.add(other.counts);
      for (int kind = 0; kind < bytes.length; ++kind) {
        bytes[kind] += other.bytes[kind];
      }
    }
  }

  /** Native.analytics of the shard. */
  record Analytics(byte[] figures) implements BatchPiece {}
}

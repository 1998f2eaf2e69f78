package bank.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/** What a partition of a batch tells the driver. */
public final class Summary implements Serializable {
  private static final long serialVersionUID = 1L;

  final int shard;
  final Counts counts = new Counts();
  /** Of Native.shardStatistics; empty if none of the shard's records came. */
  String statistics = "";
  /** The first alerts, as JSON, for the console. */
  final List<String> alerts = new ArrayList<>();

  Summary(int shard) {
    this.shard = shard;
  }
}

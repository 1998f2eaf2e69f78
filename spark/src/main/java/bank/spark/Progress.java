package bank.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.streaming.SourceProgress;
import org.apache.spark.sql.streaming.StreamingQueryListener;
import org.apache.spark.sql.streaming.StreamingQueryProgress;

/** Tells of each batch once it is committed, and adds up. */
final class Progress extends StreamingQueryListener {
  private static final long serialVersionUID = 1L;
  private static final long LISTENER_MS = 10_000;

  private final Events events;
  private final JsonNode rules;
  private final long max;
  private final Runnable atMax;
  private final Counts all = new Counts();
  private final Map<Integer, JsonNode> shards = new HashMap<>();
  private final Map<Long, Counts> untold = new HashMap<>();
  private final long begunNanos = System.nanoTime();
  private long batches;

  /** {@code atMax} is called after the batch with which {@code max} records are reached. */
  Progress(Events events, JsonNode describedRules, long max, Runnable atMax) {
    this.events = events;
    this.rules = describedRules.path("rules");
    this.max = max;
    this.atMax = atMax;
  }

  /** Batches done so far. */
  synchronized long batches() {
    return batches;
  }

  /** A batch's results are written. */
  synchronized void done(long epoch, List<Summary> summaries, int consoleAlerts) {
    Counts counts = new Counts();
    int shown = 0;
    for (Summary summary : summaries) {
      counts.add(summary.counts);
      if (!summary.statistics.isEmpty()) {
        shards.put(summary.shard, StreamJob.parse(summary.statistics));
      }
      for (String alert : summary.alerts) {
        if (shown < consoleAlerts) {
          events.tellAlert(alert);
          ++shown;
        }
      }
    }
    all.add(counts);
    ++batches;
    untold.put(epoch, counts);
    if (all.records() >= max) {
      atMax.run();
    }
  }

  @Override
  public void onQueryStarted(QueryStartedEvent event) {}

  @Override
  public void onQueryTerminated(QueryTerminatedEvent event) {}

  @Override
  public synchronized void onQueryProgress(QueryProgressEvent event) {
    StreamingQueryProgress told = event.progress();
    Counts counts = untold.remove(told.batchId());
    if (counts == null) {
      return; // nothing came
    }
    long ms = told.durationMs().getOrDefault("triggerExecution", 0L);
    ObjectNode line = Events.named("batch").put("epoch", told.batchId()).put("rows", counts.records()).put("duration_ms", ms);
    line.put("rate", ms > 0 ? counts.records() * 1_000 / ms : 0);
    put(line, counts);
    line.put("lag_records", lagOf(told.sources()));
    ObjectNode durations = line.putObject("durations");
    told.durationMs().forEach(durations::put);
    events.tell(line);
    notifyAll();
  }

  /** Waits until all batches that are done have been told of; Spark's listeners come a little later. */
  synchronized void awaitAll() {
    long end = System.nanoTime() / 1_000_000 + LISTENER_MS;
    try {
      while (!untold.isEmpty() && System.nanoTime() / 1_000_000 < end) {
        wait(100);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  synchronized ObjectNode totals() {
    long ms = (System.nanoTime() - begunNanos) / 1_000_000;
    ObjectNode line = Events.named("ended").put("batches", batches).put("rows", all.records()).put("duration_ms", ms);
    put(line, all);
    return line;
  }

  private void put(ObjectNode line, Counts counts) {
    counts.putInto(line, rules);
    line.put("accounts", sum("accounts")).put("entries", sum("entries")).put("state_bytes", sum("state_bytes"));
  }

  private long sum(String name) {
    return shards.values().stream().mapToLong(each -> each.path(name).asLong()).sum();
  }

  /**
   * How many records of the topic are not read yet, Σ (latest − end); null where Spark has not asked Kafka: before a batch
   * that is run again.
   */
  private static Long lagOf(SourceProgress[] sources) {
    long lag = 0;
    for (SourceProgress source : sources) {
      if (source.latestOffset() == null || source.endOffset() == null) {
        return null;
      }
      JsonNode end = StreamJob.parse(source.endOffset());
      for (Map.Entry<String, JsonNode> topic : StreamJob.parse(source.latestOffset()).properties()) {
        for (Map.Entry<String, JsonNode> partition : topic.getValue().properties()) {
          lag += Math.max(0, partition.getValue().asLong() - end.path(topic.getKey()).path(partition.getKey()).asLong());
        }
      }
    }
    return lag;
  }
}

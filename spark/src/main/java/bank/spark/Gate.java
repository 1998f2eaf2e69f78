package bank.spark;

import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;

/**
 * Stops a query between two batches. Spark's stop() interrupts a batch in its midst; here a batch that has begun is let
 * finish and be committed, and the one after it is held at its beginning.
 */
final class Gate {
  private static final long LOOK_MS = 50;

  private boolean stopping;
  private boolean inBatch;
  private boolean held;

  /** From any thread: no batch begins from now on. */
  synchronized void stop() {
    stopping = true;
    notifyAll();
  }

  /** A batch begins here; when it must not, this does not return, and stop()'s interrupt ends it. */
  synchronized void enter() throws InterruptedException {
    while (stopping) {
      held = true;
      notifyAll();
      wait();
    }
    inBatch = true;
  }

  synchronized void leave() {
    inBatch = false;
    notifyAll();
  }

  /** Waits for a while, or until a stop is asked for: then it gives true. */
  synchronized boolean pause(long ms) {
    long end = System.nanoTime() + ms * 1_000_000;
    try {
      while (!stopping && System.nanoTime() < end) {
        wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
      }
    } catch (InterruptedException e) {
      stopping = true;
    }
    return stopping;
  }

  /** Waits until the query ends by itself, or ends it when stop() was called. */
  void runToEnd(StreamingQuery query) throws StreamingQueryException, TimeoutException {
    while (!query.awaitTermination(LOOK_MS)) {
      if (maySever(query)) {
        query.stop();
        return;
      }
    }
  }

  private synchronized boolean maySever(StreamingQuery query) {
    if (!stopping || inBatch) {
      return false;
    }
    return held || !query.status().isTriggerActive();
  }
}

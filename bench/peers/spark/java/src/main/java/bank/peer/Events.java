package bank.peer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintStream;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.spark.sql.streaming.SourceProgress;
import org.apache.spark.sql.streaming.StreamingQueryListener;
import org.apache.spark.sql.streaming.StreamingQueryProgress;

/** Tells what happens as the job of Spark mode tells it: JSON objects on stdout, a line each. */
final class Events extends StreamingQueryListener {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final PrintStream out = System.out;
  private final CountDownLatch terminated = new CountDownLatch(1);

  void tell(String name, Map<String, ?> more) {
    var line = JSON.createObjectNode().put("event", name);
    line.setAll(JSON.<com.fasterxml.jackson.databind.node.ObjectNode>valueToTree(more));
    out.println(line);
    out.flush();
  }

  /** Listeners come a little later than the query ends. */
  void awaitTerminated() throws InterruptedException {
    terminated.await();
  }

  @Override
  public void onQueryStarted(QueryStartedEvent event) {}

  @Override
  public void onQueryTerminated(QueryTerminatedEvent event) {
    terminated.countDown();
  }

  @Override
  public void onQueryProgress(QueryProgressEvent event) {
    StreamingQueryProgress told = event.progress();
    long rows = rows(told.sources()[0]);
    if (rows > 0) {
      tell("batch", Map.of("epoch", told.batchId(), "rows", rows, "duration_ms", told.durationMs().get("triggerExecution"),
          "durations", told.durationMs()));
    }
  }

  /** By the offsets: what Spark counts as input are records read, which are twice as many where a query reads its source twice. */
  private static long rows(SourceProgress source) {
    long rows = 0;
    JsonNode start = read(source.startOffset());
    for (Map.Entry<String, JsonNode> topic : read(source.endOffset()).properties()) {
      for (Map.Entry<String, JsonNode> partition : topic.getValue().properties()) {
        rows += partition.getValue().asLong() - start.path(topic.getKey()).path(partition.getKey()).asLong();
      }
    }
    return rows;
  }

  private static JsonNode read(String offsets) {
    try {
      return JSON.readTree(offsets == null ? "{}" : offsets);
    } catch (JsonProcessingException error) {
      throw new IllegalArgumentException(offsets, error);
    }
  }
}

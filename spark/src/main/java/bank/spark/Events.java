package bank.spark;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What the driver tells whoever started it: one JSON object a line on stdout, each with an {@code event}. */
final class Events {
  private static final ObjectMapper JSON = new ObjectMapper().enable(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN);

  private final PrintStream out;

  Events(PrintStream out) {
    this.out = out;
  }

  static ObjectNode named(String event) {
    return JSON.createObjectNode().put("event", event);
  }

  synchronized void tell(ObjectNode event) {
    try {
      out.write(JSON.writeValueAsString(event).getBytes(StandardCharsets.UTF_8));
      out.write('\n');
      out.flush();
    } catch (IOException e) {
      throw new IllegalStateException(e); // a tree has a text, and a PrintStream throws nothing
    }
  }

  /** An alert for the console, which is JSON already. */
  synchronized void tellAlert(String alert) {
    out.println("{\"event\":\"alert\",\"alert\":" + alert + "}");
    out.flush();
  }
}

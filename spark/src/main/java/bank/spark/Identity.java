package bank.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Whose a checkpoint is: the file {@value #FILE} in it. A checkpoint goes on only under rules that keep the same
 * histories, on the same topic, with as many shards.
 */
final class Identity {
  static final String FILE = "bank-identity.json";

  private static final int FORMAT = 2;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ObjectNode own = JSON.createObjectNode();

  /** {@code described}: Native.describeRules. */
  Identity(JsonNode described, String topic, int shards) {
    own.put("format", FORMAT);
    own.put("state_version", described.path("state_version").asInt());
    own.put("history_id", described.path("history_id").asText());
    own.put("window_us", described.path("window_us").asLong());
    own.put("lateness_us", described.path("lateness_us").asLong());
    own.put("topic", topic);
    own.put("shards", shards);
  }

  /** Takes the checkpoint if it is new; refuses it (Failure) if it belongs to something else. */
  void claim(String checkpoint, Configuration hadoop) {
    Path folder = new Path(checkpoint);
    Path file = new Path(folder, FILE);
    try {
      FileSystem files = folder.getFileSystem(hadoop);
      if (files.exists(file)) {
        compare(checkpoint, read(files, file));
      } else if (files.exists(new Path(folder, "offsets")) || files.exists(new Path(folder, "metadata"))) {
        throw foreign(checkpoint, "it is another program's: it has no " + FILE);
      } else {
        files.mkdirs(folder);
        try (OutputStream out = files.create(file, false)) {
          out.write(JSON.writeValueAsBytes(own));
        }
      }
    } catch (IOException e) {
      throw new Failure("checkpoint_damaged", "cannot use the checkpoint " + checkpoint + ": " + e.getMessage(), "name another folder with --checkpoint");
    }
  }

  /** How many shards the checkpoint has; 0 if it is new, or is not to be read (claim() will say so). */
  static int shardsOf(String checkpoint, Configuration hadoop) {
    Path file = new Path(checkpoint, FILE);
    try {
      FileSystem files = file.getFileSystem(hadoop);
      return files.exists(file) ? read(files, file).path("shards").asInt() : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  private static JsonNode read(FileSystem files, Path file) throws IOException {
    try (InputStream in = files.open(file)) {
      return JSON.readTree(in.readAllBytes());
    }
  }

  private void compare(String checkpoint, JsonNode there) {
    if (differs(there, "format") || differs(there, "state_version")) {
      throw foreign(checkpoint, "it is of another version of this program (" + version(there) + ", and this one has " + version(own) + ")");
    }
    if (differs(there, "topic")) {
      throw foreign(checkpoint, "it is of the topic " + there.path("topic").asText() + ", and not " + own.get("topic").asText());
    }
    if (differs(there, "shards")) {
      throw foreign(checkpoint, "it has " + there.path("shards") + " shards, and not " + own.get("shards"));
    }
    if (differs(there, "history_id") || differs(there, "window_us") || differs(there, "lateness_us")) {
      throw new Failure(
          "rules_changed",
          "the checkpoint " + checkpoint + " is of rules that keep other histories (longest window " + seconds(there, "window_us") + ", lateness "
              + seconds(there, "lateness_us") + "; the rules now: " + seconds(own, "window_us") + ", " + seconds(own, "lateness_us") + ")",
          "go on with the rules that it was begun with, or " + Failures.Advice.NEW_CHECKPOINT);
    }
  }

  private boolean differs(JsonNode there, String name) {
    return !own.get(name).asText().equals(there.path(name).asText());
  }

  private static String version(JsonNode of) {
    return "format " + of.path("format") + ", state " + of.path("state_version");
  }

  private static String seconds(JsonNode of, String name) {
    return of.path(name).asLong() / 1_000_000 + " s";
  }

  private static Failure foreign(String checkpoint, String why) {
    return new Failure("checkpoint_foreign", "the checkpoint " + checkpoint + " can't be gone on with: " + why,
        "name the right one with --checkpoint, or " + Failures.Advice.NEW_CHECKPOINT);
  }
}

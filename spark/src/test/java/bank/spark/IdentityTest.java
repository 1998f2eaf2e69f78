package bank.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityTest {
  private final Configuration hadoop = new Configuration();
  @TempDir private Path folder;

  private static ObjectNode rules() {
    return new ObjectMapper()
        .createObjectNode()
        .put("state_version", 1)
        .put("history_id", "00000000000000aa")
        .put("window_us", 600_000_000L)
        .put("lateness_us", 3_600_000_000L)
        .put("rules_version", "one");
  }

  private Failure refused(Identity identity) {
    return assertThrows(Failure.class, () -> identity.claim(folder.toString(), hadoop));
  }

  @Test
  void aNewCheckpointIsTakenAndGoneOnWith() {
    new Identity(rules(), "tx", 8).claim(folder.toString(), hadoop);
    new Identity(rules(), "tx", 8).claim(folder.toString(), hadoop);
    assertEquals(8, Identity.shardsOf(folder.toString(), hadoop));
  }

  @Test
  void otherRulesThatKeepTheSameHistoriesGoOn() {
    new Identity(rules(), "tx", 8).claim(folder.toString(), hadoop);
    new Identity(rules().put("rules_version", "two"), "tx", 8).claim(folder.toString(), hadoop);
  }

  @Test
  void rulesThatKeepOtherHistoriesAreRefused() {
    new Identity(rules(), "tx", 8).claim(folder.toString(), hadoop);
    Failure failure = refused(new Identity(rules().put("history_id", "bb").put("window_us", 7_200_000_000L), "tx", 8));
    assertEquals("rules_changed", failure.kind());
    assertTrue(failure.getMessage().contains("longest window 600 s") && failure.getMessage().contains("7200 s"), failure.getMessage());
  }

  @Test
  void anotherTopicVersionOrNumberOfShardsIsRefused() {
    new Identity(rules(), "tx", 8).claim(folder.toString(), hadoop);
    assertEquals("checkpoint_foreign", refused(new Identity(rules(), "other", 8)).kind());
    assertEquals("checkpoint_foreign", refused(new Identity(rules(), "tx", 9)).kind());
    assertEquals("checkpoint_foreign", refused(new Identity(rules().put("state_version", 2), "tx", 8)).kind());
  }

  @Test
  void aCheckpointOfAnotherProgramIsRefused() throws Exception {
    Files.createDirectories(folder.resolve("offsets"));
    Failure failure = refused(new Identity(rules(), "tx", 8));
    assertEquals("checkpoint_foreign", failure.kind());
    assertTrue(failure.advice().contains("--checkpoint"));
  }

  @Test
  void aDamagedIdentityIsRefused() throws Exception {
    Files.writeString(folder.resolve(Identity.FILE), "{\"format\":");
    assertEquals("checkpoint_damaged", refused(new Identity(rules(), "tx", 8)).kind());
  }
}

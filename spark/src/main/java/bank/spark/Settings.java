package bank.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The settings of a run as {@code bank spark} has written them (README.md says what there is). */
final class Settings {
  private final JsonNode root;
  private final String where;

  private Settings(JsonNode root, String where) {
    this.root = root;
    this.where = where;
  }

  static Settings read(Path file) {
    try {
      return new Settings(new ObjectMapper().readTree(Files.readAllBytes(file)), "");
    } catch (IOException e) {
      throw new Failure("settings", file + ": " + e.getMessage(), "it is written by bank spark");
    }
  }

  /** The settings below a name; empty ones if there are none. */
  Settings below(String name) {
    return new Settings(root.path(name), where + name + ".");
  }

  boolean has(String name) {
    return root.hasNonNull(name) && !root.get(name).asText("?").isEmpty();
  }

  String text(String name) {
    if (!has(name)) {
      throw new Failure("settings", "the setting " + where + name + " is missing", "it is written by bank spark");
    }
    return root.get(name).asText();
  }

  String text(String name, String otherwise) {
    return has(name) ? text(name) : otherwise;
  }

  long number(String name, long otherwise) {
    return has(name) ? root.get(name).asLong() : otherwise;
  }

  boolean flag(String name) {
    return root.path(name).asBoolean(false);
  }

  List<String> texts(String name) {
    List<String> all = new ArrayList<>();
    root.path(name).forEach(each -> all.add(each.asText()));
    return all;
  }

  Map<String, String> map(String name) {
    Map<String, String> all = new LinkedHashMap<>();
    root.path(name).properties().forEach(each -> all.put(each.getKey(), each.getValue().asText()));
    return all;
  }

  /** The rules, with what of these settings is for the engine. */
  RulesOf rules() {
    Path file = Path.of(text("rules"));
    Settings engine = below("engine");
    StringBuilder options = new StringBuilder();
    for (String name : List.of("lateness_us", "review", "block", "map")) {
      if (engine.has(name)) {
        options.append(name).append('=').append(engine.text(name)).append('\n');
      }
    }
    try {
      return new RulesOf(Files.readAllBytes(file), file.toString(), options.toString());
    } catch (IOException e) {
      throw new Failure("rules_invalid", "cannot read the rules file " + file + ": " + e.getMessage(), "name another with --rules");
    }
  }
}

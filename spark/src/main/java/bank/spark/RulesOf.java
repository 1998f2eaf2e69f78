package bank.spark;

import java.io.Serializable;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A rules file with its options as it travels to the executors, where it is opened once a process and kept: a job has one,
 * and a process that serves many jobs forgets none of those few.
 */
final class RulesOf implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final Map<RulesOf, Long> OPEN = new LinkedHashMap<>();

  private final byte[] yaml;
  private final String name;
  private final String options;

  RulesOf(byte[] yaml, String name, String options) {
    this.yaml = yaml;
    this.name = name;
    this.options = options;
  }

  /** The same rules with one more option (Native.openRules). */
  RulesOf with(String option) {
    return new RulesOf(yaml, name, options + option + "\n");
  }

  byte[] yaml() {
    return yaml;
  }

  String name() {
    return name;
  }

  String options() {
    return options;
  }

  /** The native rules, which are not to be closed. */
  long handle() {
    synchronized (OPEN) {
      return OPEN.computeIfAbsent(this, rules -> Native.openRules(rules.yaml, rules.name, rules.options));
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RulesOf o && Arrays.equals(yaml, o.yaml) && name.equals(o.name) && options.equals(o.options);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(yaml) * 31 + options.hashCode();
  }
}

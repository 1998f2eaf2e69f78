package bank.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;
import java.util.Arrays;
import java.util.function.IntToLongFunction;

/** What some records came to. Of different records they add up. */
final class Counts implements Serializable {
  private static final long serialVersionUID = 1L;

  long judged;
  long resends;
  long late;
  long rejected;
  long alerts;
  /** Approved, to review, blocked. */
  final long[] decisions = new long[3];
  long newestMicros = Long.MIN_VALUE;
  /** In the order of the rules file. */
  long[] byRule = {};
  /** In the order of Native.describeRules' reasons. */
  long[] byReason = {};

  /** Records that came, of whatever kind. */
  long records() {
    return judged + resends + rejected;
  }

  void add(Counts other) {
    judged += other.judged;
    resends += other.resends;
    late += other.late;
    rejected += other.rejected;
    alerts += other.alerts;
    for (int i = 0; i < decisions.length; ++i) {
      decisions[i] += other.decisions[i];
    }
    newestMicros = Math.max(newestMicros, other.newestMicros);
    addByRule(other.byRule.length, i -> other.byRule[i]);
    addByReason(other.byReason.length, i -> other.byReason[i]);
  }

  void addByRule(int rules, IntToLongFunction of) {
    byRule = sum(byRule, rules, of);
  }

  void addByReason(int reasons, IntToLongFunction of) {
    byReason = sum(byReason, reasons, of);
  }

  /** As members of an event. {@code rules}: Native.describeRules' list. */
  void putInto(ObjectNode event, JsonNode rules) {
    event.put("judged", judged).put("alerts", alerts).put("rejected", rejected).put("resends", resends).put("late", late);
    event.put("approved", decisions[0]).put("to_review", decisions[1]).put("blocked", decisions[2]);
    ObjectNode named = event.putObject("alerts_by_rule");
    for (int i = 0; i < byRule.length; ++i) {
      named.put(rules.path(i).path("id").asText(), byRule[i]);
    }
  }

  private static long[] sum(long[] to, int size, IntToLongFunction of) {
    long[] all = to.length < size ? Arrays.copyOf(to, size) : to;
    for (int i = 0; i < size; ++i) {
      all[i] += of.applyAsLong(i);
    }
    return all;
  }
}

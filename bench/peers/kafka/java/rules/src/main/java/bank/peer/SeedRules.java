package bank.peer;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * The rules of config/rules/seed.yaml by docs/semantics.md: HIGH_AMOUNT, and VELOCITY over the event times that the account's
 * history holds when a transaction arrives. Resends are not looked for: there are none in what is compared.
 */
public final class SeedRules {
  private static final BigDecimal HIGH_AMOUNT = new BigDecimal(5000);
  private static final long WINDOW_MICROS = 5 * 60 * 1_000_000L;
  private static final long LATENESS_MICROS = 60 * 60 * 1_000_000L;
  private static final int VELOCITY = 5;

  private SeedRules() {}

  /** Times of an account that a transaction at `time` leaves in its history, its own the last unless it is too old. */
  public static long[] remember(long[] history, long time) {
    long newest = time;
    for (long each : history) newest = Math.max(newest, each);
    long edge = newest - WINDOW_MICROS - LATENESS_MICROS;
    long[] kept = new long[history.length + 1];
    int count = 0;
    for (long each : history) {
      if (each >= edge) kept[count++] = each;
    }
    if (time >= edge) kept[count++] = time;
    return Arrays.copyOf(kept, count);
  }

  /** How many transactions of the account fall in the window that ends at `time`, its own included. */
  public static int recent(long[] historyBefore, long time) {
    int count = 1;
    for (long each : historyBefore) {
      if (each >= time - WINDOW_MICROS && each <= time) ++count;
    }
    return count;
  }

  public static void judge(Transaction transaction, int recent, Consumer<Alert> alerts) {
    if (transaction.amount.compareTo(HIGH_AMOUNT) > 0) {
      alerts.accept(Alert.of(transaction, "HIGH_AMOUNT", "HIGH", 40, "Amount $" + transaction.amount + " exceeds $5000"));
    }
    if (recent >= VELOCITY) alerts.accept(Alert.of(transaction, "VELOCITY", "MEDIUM", 30, recent + " transactions in 5 minutes"));
  }
}

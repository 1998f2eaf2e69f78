package bank.peer;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.math.BigDecimal;

/** What the two rules and their alerts need of a transaction. Public fields: Flink's fast serializer wants them so. */
@JsonIgnoreProperties(ignoreUnknown = true)
public final class Transaction {
  public String transaction_id;
  public String account_number;
  public BigDecimal amount;
  public String timestamp;

  /** The event time in microseconds, from `YYYY-MM-DD HH:MM:SS[.ffffff]`. */
  public long timeMicros() {
    long days = java.time.LocalDate.of(digits(0, 4), digits(5, 7), digits(8, 10)).toEpochDay();
    long seconds = days * 86_400 + digits(11, 13) * 3_600L + digits(14, 16) * 60L + digits(17, 19);
    long fraction = 0;
    for (int i = 20; i < 26; ++i) fraction = fraction * 10 + (i < timestamp.length() ? timestamp.charAt(i) - '0' : 0);
    return seconds * 1_000_000 + fraction;
  }

  private int digits(int begin, int end) {
    int number = 0;
    for (int i = begin; i < end; ++i) number = number * 10 + timestamp.charAt(i) - '0';
    return number;
  }
}

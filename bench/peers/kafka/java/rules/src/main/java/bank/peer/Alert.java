package bank.peer;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.math.BigDecimal;
import java.time.Instant;

/** An alert with the fields that bank's has. */
@JsonPropertyOrder({"alert_id", "alert_type", "severity", "score", "reason", "transaction_id", "account_number", "amount", "timestamp",
    "detected_at"})
public final class Alert {
  public String alert_id;
  public String alert_type;
  public String severity;
  public int score;
  public String reason;
  public String transaction_id;
  public String account_number;
  public BigDecimal amount;
  public String timestamp;
  public String detected_at;

  static Alert of(Transaction transaction, String rule, String severity, int score, String reason) {
    Alert alert = new Alert();
    alert.alert_id = transaction.transaction_id + ":" + rule;
    alert.alert_type = rule;
    alert.severity = severity;
    alert.score = score;
    alert.reason = reason;
    alert.transaction_id = transaction.transaction_id;
    alert.account_number = transaction.account_number;
    alert.amount = transaction.amount;
    alert.timestamp = transaction.timestamp;
    alert.detected_at = Instant.now().toString();
    return alert;
  }
}

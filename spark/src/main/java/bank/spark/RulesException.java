package bank.spark;

/** A rules file, an option or a CSV header is wrong: {@code file:line:column}, what, and what would be right. */
public final class RulesException extends NativeException {
  private static final long serialVersionUID = 1L;

  public RulesException(String message) {
    super(message);
  }
}

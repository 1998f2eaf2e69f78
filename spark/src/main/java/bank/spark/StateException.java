package bank.spark;

/** Saved state or a chunk is damaged, of another version, or of rules that keep other things. */
public final class StateException extends NativeException {
  private static final long serialVersionUID = 1L;

  public StateException(String message) {
    super(message);
  }
}

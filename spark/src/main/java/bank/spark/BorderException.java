package bank.spark;

/** A call that no right program makes: a wrong or closed handle, one in use by another thread, a buffer that is no message. */
public final class BorderException extends NativeException {
  private static final long serialVersionUID = 1L;

  public BorderException(String message) {
    super(message);
  }
}

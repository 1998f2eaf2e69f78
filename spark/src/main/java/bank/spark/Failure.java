package bank.spark;

/** What ends a run, in words for its user: a kind (README.md lists them), what is wrong, and what to do. */
final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String kind;
  private final String advice;

  Failure(String kind, String message, String advice) {
    super(message);
    this.kind = kind;
    this.advice = advice;
  }

  Failure(String kind, String message, String advice, Throwable cause) {
    this(kind, message, advice);
    initCause(cause);
  }

  String kind() {
    return kind;
  }

  String advice() {
    return advice;
  }
}

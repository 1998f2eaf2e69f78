package bank.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Finds and loads {@code libbank_spark.so}: the one that the system property {@value #PROPERTY} names, else the one in
 * the jar, by way of a folder that only this user can enter and that is gone once the library is loaded.
 */
final class NativeLibrary {
  /** System property: the path of the library to load instead of the jar's. */
  static final String PROPERTY = "bank.native.library";

  private static final String FILE = "libbank_spark.so";

  private NativeLibrary() {}

  /** Loads it. Called once, by the class that it belongs to. */
  static void load() {
    String path = System.getProperty(PROPERTY);
    if (path != null && !path.isEmpty()) {
      link(Path.of(path).toAbsolutePath());
      return;
    }
    String resource = "/native/" + platform() + "/" + FILE;
    try (InputStream library = NativeLibrary.class.getResourceAsStream(resource)) {
      if (library == null) {
        throw new NativeException(
            "no "
                + resource
                + " in the jar; build it with `make spark`, or name one with -D"
                + PROPERTY
                + "=…");
      }
      Path folder = Files.createTempDirectory("bank-native-"); // mode 700
      Path file = folder.resolve(FILE);
      try {
        Files.copy(library, file, StandardCopyOption.REPLACE_EXISTING);
        link(file);
      } finally {
        Files.deleteIfExists(file); // what is mapped stays
        Files.delete(folder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "cannot write "
              + FILE
              + " to "
              + System.getProperty("java.io.tmpdir")
              + "; name another folder with -Djava.io.tmpdir=…",
          e);
    }
  }

  /** {@code linux-x86_64}, the only one there is. */
  static String platform() {
    String os = System.getProperty("os.name", "");
    String machine = System.getProperty("os.arch", "");
    boolean x86 = machine.equals("amd64") || machine.equals("x86_64");
    if (!os.equals("Linux") || !x86) {
      throw new NativeException(
          "the detector runs on Linux on x86-64, and this is " + os + " on " + machine);
    }
    return "linux-x86_64";
  }

  private static void link(Path file) {
    try {
      System.load(file.toString());
    } catch (UnsatisfiedLinkError e) {
      throw new NativeException(
          "cannot load "
              + file
              + ": "
              + e.getMessage()
              + "; it needs glibc, and a folder that is not mounted noexec (-Djava.io.tmpdir=…)",
          e);
    }
  }
}

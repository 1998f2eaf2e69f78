package bank.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibraryTest {
  @Test
  void leavesNothingInTheTemporaryFolder(@TempDir Path folder) throws Exception {
    Process java =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Djava.io.tmpdir=" + folder,
                "-cp",
                System.getProperty("java.class.path"),
                Show.class.getName())
            .redirectErrorStream(true)
            .start();
    String said = new String(java.getInputStream().readAllBytes());
    assertEquals(0, java.waitFor(), said);
    assertTrue(said.contains("border 1"), said);
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(), left.filter(path -> path.toString().contains("bank-native")).toList());
    }
  }

  @Test
  void saysWhichMachineItIsFor() {
    String os = System.getProperty("os.name");
    System.setProperty("os.name", "Plan 9");
    try {
      NativeException e = assertThrows(NativeException.class, NativeLibrary::platform);
      assertTrue(e.getMessage().contains("Plan 9"), e.getMessage());
    } finally {
      System.setProperty("os.name", os);
    }
  }

  /** A program that does nothing but load the library from the jar, or where the jar's resources are. */
  static final class Show {
    public static void main(String[] arguments) throws IOException {
      System.out.println(Native.version());
    }
  }
}

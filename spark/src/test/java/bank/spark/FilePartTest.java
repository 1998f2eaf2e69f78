package bank.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class FilePartTest {
  private static InputFile file(long bytes, boolean splittable) {
    return new InputFile(0, "f.jsonl", "/f.jsonl", "jsonl", bytes, 3, 1, "", splittable);
  }

  @Test
  void thePartsCoverAllBehindTheHeaderOnce() {
    List<FilePart> parts = FilePart.of(file(1000, true), 300);
    assertEquals(List.of(3L, 303L, 603L), parts.stream().map(FilePart::begin).toList());
    assertEquals(List.of(303L, 603L, Long.MAX_VALUE), parts.stream().map(FilePart::end).toList());
    assertEquals(List.of(3L, 302L, 602L), parts.stream().map(FilePart::from).toList());
  }

  @Test
  void aFileThatCanNotBeCutIsOnePart() {
    assertEquals(1, FilePart.of(file(1000, false), 300).size());
  }

  @Test
  void asIsOneThatIsHardlyLonger() {
    assertEquals(1, FilePart.of(file(453, true), 300).size());
    assertEquals(2, FilePart.of(file(454, true), 300).size());
  }
}

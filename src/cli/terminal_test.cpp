#include "cli/terminal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "cli/captured_terminal.h"
#include "cli/table.h"

namespace bank::cli {
namespace {

using namespace std::string_literals;

TEST(Visible, ShowsWhatCouldSteerATerminal) {
  EXPECT_EQ(visible("plain, größer, 銀行"), "plain, größer, 銀行");
  EXPECT_EQ(visible("\x1b[31mred"), "\\x1b[31mred");
  EXPECT_EQ(visible("a\nb\tc\rd\0e\x7f"s), "a\\x0ab\\x09c\\x0dd\\x00e\\x7f");
  EXPECT_EQ(visible("\xc2\x9b"
                    "31m"),
            "\\u009b31m")
      << "C1 control, an escape sequence in itself";
  EXPECT_EQ(visible("\u202eevil"), "\\u202eevil");
  EXPECT_EQ(visible("\u2028"), "\\u2028");
}

TEST(Visible, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(visible("a\xff"
                    "b"),
            "a\\xffb");
  EXPECT_EQ(visible("\xc0\xaf"), "\\xc0\\xaf") << "overlong";
  EXPECT_EQ(visible("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "surrogate";
  EXPECT_EQ(visible("\xe2\x82"), "\\xe2\\x82") << "cut short";
  EXPECT_EQ(visible("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond Unicode";
}

class ColorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    unsetenv("NO_COLOR");
    setenv("TERM", "xterm", 1);
  }
  static bool color(bool is_terminal, ColorMode mode) {
    CapturedTerminal captured(is_terminal);
    captured.terminal.configure(mode, false);
    return captured.terminal.out().paint(Style::red, "x") == "\x1b[31mx\x1b[0m";
  }
};

TEST_F(ColorTest, IsForTerminalsUnlessAskedForOrForbidden) {
  EXPECT_TRUE(color(true, ColorMode::automatic));
  EXPECT_FALSE(color(false, ColorMode::automatic));
  EXPECT_TRUE(color(false, ColorMode::always));
  EXPECT_FALSE(color(true, ColorMode::never));
}

TEST_F(ColorTest, KeepsNoColorAndDumbTerminals) {
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(color(true, ColorMode::automatic));
  EXPECT_TRUE(color(true, ColorMode::always));
  setenv("NO_COLOR", "", 1);
  EXPECT_TRUE(color(true, ColorMode::automatic)) << "empty is as unset (no-color.org)";
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(color(true, ColorMode::automatic));
}

TEST(Terminal, TalksOnStderrOnly) {
  CapturedTerminal captured;
  captured.terminal.note("a note");
  captured.terminal.warn("careful");
  captured.terminal.error({ErrorKind::config, "f:1:2: wrong\nf:3:4: \x1b[2J"});
  EXPECT_EQ(captured.out.text(), "");
  EXPECT_EQ(captured.err.text(), "a note\nwarning: careful\nerror: f:1:2: wrong\nerror: f:3:4: \\x1b[2J\n");
}

TEST(Terminal, QuietKeepsWarningsAndErrors) {
  CapturedTerminal captured;
  captured.terminal.configure(ColorMode::never, true);
  captured.terminal.note("a note");
  captured.terminal.warn("careful");
  EXPECT_EQ(captured.err.text(), "warning: careful\n");
}

TEST(Progress, IsRedrawnAtMostTenTimesASecondAndErased) {
  CapturedTerminal captured(true);
  ManualClock clock;
  {
    Progress progress(captured.terminal, clock);
    progress.update("1 %");
    clock.advance_us(99'000);
    EXPECT_FALSE(progress.due());
    progress.update("2 %");
    clock.advance_us(1'000);
    progress.update("3 %");
  }
  EXPECT_EQ(captured.err.text(), "\r\x1b[K1 %\r\x1b[K3 %\r\x1b[K");
  EXPECT_EQ(captured.out.text(), "");
}

TEST(Progress, IsForTerminalsOnly) {
  CapturedTerminal captured(false);
  ManualClock clock;
  Progress(captured.terminal, clock).update("1 %");
  EXPECT_EQ(captured.err.text(), "");
}

TEST(Progress, NeverWraps) {
  CapturedTerminal captured(true, 10);
  ManualClock clock;
  Progress(captured.terminal, clock).update("ääääääääääääää");
  EXPECT_EQ(captured.err.text(), "\r\x1b[Käääääääää\r\x1b[K");
}

TEST(Stream, NoticesThatNobodyReads) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::FILE* file = fdopen(ends[1], "w");
  const Stream stream(file, false, 80);
  EXPECT_FALSE(stream.reader_gone());
  close(ends[0]);
  EXPECT_TRUE(stream.reader_gone());
  std::fclose(file);
}

TEST(Table, AlignsByCharactersAndHidesControls) {
  CapturedTerminal captured;
  Table table({{"NAME"}, {"COUNT", Align::right}, {"NOTE"}});
  table.add({"Café", "1,234", "x"});
  table.add({"a\tb", "5", ""});
  table.print(captured.terminal.out());
  EXPECT_EQ(captured.out.text(),
            "  NAME    COUNT  NOTE\n"
            "  Café    1,234  x\n"
            "  a\\x09b      5\n");
}

TEST(Table, ColourDoesNotMoveColumns) {
  CapturedTerminal captured;
  captured.terminal.configure(ColorMode::always, false);
  Table table({{""}, {""}}, 0);
  table.add({{"HIGH", style_of("HIGH")}, "1"});
  table.add({"MEDIUM", "2"});
  table.print(captured.terminal.out());
  EXPECT_EQ(captured.out.text(), "\x1b[31mHIGH\x1b[0m    1\nMEDIUM  2\n");
}

TEST(Table, ShortensByCharacters) {
  EXPECT_EQ(shortened("größer", 6), "größer");
  EXPECT_EQ(shortened("größer", 4), "grö…");
}

}  // namespace
}  // namespace bank::cli

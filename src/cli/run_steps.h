// The steps of `bank run` as they go.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "cli/context.h"
#include "cli/human.h"
#include "cli/table.h"
#include "cli/terminal.h"

namespace bank::cli {

/// A status while one runs, a line on stderr when it is done.
class Steps {
 public:
  Steps(Context& context, int count) : context_(context), count_(count) {}

  void begin(std::string_view name) {
    name_ = name;
    begin_ns_ = context_.clock.monotonic_ns();
    ++number_;
    context_.terminal.show_status(fmt::format("{}/{}  {} …", number_, count_, name_));
  }
  void done(std::string_view word, std::string_view detail) {
    constexpr int detail_columns = 48;
    const double seconds = static_cast<double>(context_.clock.monotonic_ns() - begin_ns_) / 1e9;
    context_.terminal.note(fmt::format("{}/{}  {:<13} {}  {:<48} {:>8}", number_, count_, name_,
                                       context_.terminal.err().paint_word(word),
                                       shortened(visible(detail), detail_columns), human_seconds(seconds)));
  }

 private:
  Context& context_;
  int count_;
  int number_ = 0;
  std::string name_;
  std::int64_t begin_ns_ = 0;
};

}  // namespace bank::cli

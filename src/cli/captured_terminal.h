// A terminal whose streams a test can read.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

#include "cli/terminal.h"

namespace bank::cli {

/// A stream into memory.
class CapturedFile {
 public:
  CapturedFile() : file_(open_memstream(&text_, &size_)) {}
  ~CapturedFile() {
    std::fclose(file_);
    std::free(text_);
  }
  CapturedFile(const CapturedFile&) = delete;
  CapturedFile& operator=(const CapturedFile&) = delete;

  [[nodiscard]] std::FILE* file() const { return file_; }
  [[nodiscard]] std::string text() const {
    std::fflush(file_);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* file_;
};

struct CapturedTerminal {
  explicit CapturedTerminal(bool is_terminal = false, int width = 80)
      : terminal(Stream(out.file(), is_terminal, width), Stream(err.file(), is_terminal, width)) {}
  CapturedFile out;
  CapturedFile err;
  Terminal terminal;
};

}  // namespace bank::cli

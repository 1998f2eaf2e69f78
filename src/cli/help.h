// The look of --help: summary, examples, usage, then the options, wrapped to the terminal.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace bank::cli {

/// `bank rules check`.
[[nodiscard]] std::string full_name(const CLI::App& app);

class HelpFormatter final : public CLI::Formatter {
 public:
  /// `width`: columns to wrap at.
  explicit HelpFormatter(int width);
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override;
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* command) const override;

 private:
  [[nodiscard]] std::string entry(const std::string& name, const std::string& description, int column) const;
  int width_;
};

}  // namespace bank::cli

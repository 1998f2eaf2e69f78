// What the Spark job tells `bank spark`: a JSON object a line (spark/README.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bank::cli {

class SparkEvent {
 public:
  /// Nullopt for a line that is no event.
  [[nodiscard]] static std::optional<SparkEvent> parse(std::string_view line);

  /// `started`, `batch`, `alert`, `table`, `stopping`, `failed`, `ended`.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// A string's text, or any other value as it stands; empty where there is none, or null.
  [[nodiscard]] std::string text(std::string_view member) const;
  /// 0 where there is none.
  [[nodiscard]] std::uint64_t number(std::string_view member) const;
  /// The members of a nested object whose values are numbers, in their order.
  [[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> numbers(std::string_view member) const;
  /// The elements of a nested array: strings as their text, others as they stand.
  [[nodiscard]] std::vector<std::string> list(std::string_view member) const;

 private:
  std::string name_;
  std::vector<std::pair<std::string, std::string>> members_;
};

/// The elements of a JSON array's text, as in SparkEvent::list; of anything else none.
[[nodiscard]] std::vector<std::string> json_elements(std::string_view array);

}  // namespace bank::cli

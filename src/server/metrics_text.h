// Metrics in Prometheus' text format, version 0.0.4.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace bank::server {

/// What a scrape's answer says its body is.
inline constexpr std::string_view metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";

struct Label {
  std::string_view name;
  std::string_view value;  ///< Any text; escaped.
};

/// Families one after another, each with its samples. Names are the caller's to choose well.
class MetricsText {
 public:
  /// Begins a family. `type`: `counter`, `gauge` or `summary`; a histogram has its own. `help`: one line.
  MetricsText& family(std::string_view name, std::string_view type, std::string_view help);
  /// A sample of the family begun last.
  MetricsText& sample(double value, std::initializer_list<Label> labels = {}) { return add(labels, number(value)); }
  MetricsText& sample(std::uint64_t value, std::initializer_list<Label> labels = {}) {
    return add(labels, std::to_string(value));
  }
  MetricsText& sample(std::int64_t value, std::initializer_list<Label> labels = {}) {
    return add(labels, std::to_string(value));
  }

  /// Begins a histogram; its buckets follow, each with what is not above its bound, and then its end.
  MetricsText& histogram(std::string_view name, std::string_view help);
  MetricsText& bucket(double bound, std::uint64_t count_within);
  MetricsText& end_histogram(double sum, std::uint64_t count);

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[nodiscard]] static std::string number(double value);
  MetricsText& add(std::initializer_list<Label> labels, std::string_view value);

  std::string text_;
  std::string name_;
};

}  // namespace bank::server

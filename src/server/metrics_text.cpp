#include "server/metrics_text.h"

#include <fmt/format.h>

#include <cmath>

namespace bank::server {
namespace {

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

}  // namespace

MetricsText& MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  name_ = name;
  text_ += fmt::format("# HELP {} ", name);
  append_escaped(text_, help, false);
  text_ += fmt::format("\n# TYPE {} {}\n", name, type);
  return *this;
}

std::string MetricsText::number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

MetricsText& MetricsText::histogram(std::string_view name, std::string_view help) {
  return family(name, "histogram", help);
}

MetricsText& MetricsText::bucket(double bound, std::uint64_t count_within) {
  text_ += fmt::format("{}_bucket{{le=\"{}\"}} {}\n", name_, number(bound), count_within);
  return *this;
}

MetricsText& MetricsText::end_histogram(double sum, std::uint64_t count) {
  text_ += fmt::format("{0}_bucket{{le=\"+Inf\"}} {2}\n{0}_sum {1}\n{0}_count {2}\n", name_, number(sum), count);
  return *this;
}

MetricsText& MetricsText::add(std::initializer_list<Label> labels, std::string_view value) {
  text_ += name_;
  char before = '{';
  for (const Label& label : labels) {
    text_ += before;
    text_ += label.name;
    text_ += "=\"";
    append_escaped(text_, label.value, true);
    text_ += '"';
    before = ',';
  }
  if (labels.size() > 0) text_ += '}';
  text_ += ' ';
  text_ += value;
  text_ += '\n';
  return *this;
}

}  // namespace bank::server

// How values stand in the reasons of alerts.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/assert.h"
#include "engine/evaluate.h"

namespace bank::engine {

void Evaluator::append_value(std::string& out, const Node& node, const rules::Type& type) {
  switch (type.kind) {
    case rules::TypeKind::boolean: out += holds(node) ? "true" : "false"; return;
    case rules::TypeKind::exact: {
      const Exact value = exact(node);
      if (value.null) break;
      append_exact(out, value.value, type.scale, type.money);
      return;
    }
    case rules::TypeKind::real: {
      const Real value = real(node);
      if (value.null) break;
      append_real(out, value.value, type.money);
      return;
    }
    case rules::TypeKind::text: {
      const Text value = text(node);
      if (value.data() == nullptr) break;
      out += value;
      return;
    }
    case rules::TypeKind::null: break;
  }
  out += "null";
}

void append_exact(std::string& out, Int128 value, int scale, bool money) {
  if (value < 0) out += '-';
  const auto magnitude = value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
  std::string digits = fmt::format("{}", magnitude);
  const auto decimals = static_cast<std::size_t>(scale);
  if (digits.size() <= decimals) digits.insert(0, decimals + 1 - digits.size(), '0');
  const std::size_t whole = digits.size() - decimals;
  out.append(digits, 0, whole);
  std::string fraction = digits.substr(whole);
  const std::size_t least = money ? 2 : 0;
  while (fraction.size() > least && fraction.back() == '0') fraction.pop_back();
  if (fraction.size() < least) fraction.append(least - fraction.size(), '0');
  if (!fraction.empty()) {
    out += '.';
    out += fraction;
  }
}

void append_real(std::string& out, double value, bool money) {
  std::string text = money ? fmt::format("{:.2f}", value) : fmt::format("{:.4f}", value);
  if (!money && text.find('.') != std::string::npos) {
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  // A tiny negative number prints as zero, not as minus zero.
  if (text.front() == '-' && text.find_first_not_of("-0.") == std::string::npos) text.erase(0, 1);
  out += text;
}

}  // namespace bank::engine

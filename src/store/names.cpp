#include <algorithm>
#include <array>

#include "store/records.h"

namespace bank::store {
namespace {

constexpr std::array<std::string_view, disposition_count> dispositions = {"open", "acknowledged", "confirmed_fraud",
                                                                          "false_positive", "closed"};

template <typename T, std::size_t size>
std::optional<T> word_of(const std::array<T, size>& all, std::string_view word) {
  const auto* found = std::ranges::find_if(all, [word](T each) { return word == to_string(each); });
  return found == all.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

std::string_view to_string(Disposition disposition) { return dispositions[static_cast<std::size_t>(disposition)]; }

std::optional<Disposition> disposition_of(std::string_view word) {
  const auto* found = std::ranges::find(dispositions, word);
  if (found == dispositions.end()) return std::nullopt;
  return static_cast<Disposition>(found - dispositions.begin());
}

std::optional<model::Severity> severity_of(std::string_view word) {
  using enum model::Severity;
  return word_of(std::array{low, medium, high, critical}, word);
}

std::optional<model::Decision> decision_of(std::string_view word) {
  using enum model::Decision;
  return word_of(std::array{approve, review, block}, word);
}

}  // namespace bank::store

#include "cli/score.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <unordered_map>

#include "codec/json_reader.h"

namespace bank::cli {

namespace {

struct Label {
  std::string scenario;
  std::string fraud_case;
};
using Labels = std::unordered_map<std::string, Label>;

// `take` returns whether the line has the form that it must have.
Result<void> for_each_line(const std::string& path, const std::function<bool(const std::string&)>& take) {
  std::ifstream file(path);
  if (!file) return fail(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  std::int64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (!line.empty() && !take(line))
      return fail(fmt::format("{}:{}: not a line that bank has written here", path, number));
  }
  if (file.bad()) return fail(fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  return {};
}

// The members `names` of a JSON object, each a string or a number; false if one is missing.
bool read_members(std::string_view json, const std::vector<std::pair<std::string_view, std::string*>>& members) {
  codec::JsonObjectReader reader(json);
  std::size_t found = 0;
  auto step = reader.next();
  for (; step == codec::JsonObjectReader::Step::member; step = reader.next()) {
    for (const auto& [name, target] : members) {
      if (reader.key().text != name) continue;
      *target = reader.value().escaped ? codec::unescape_json(reader.value().text) : std::string(reader.value().text);
      ++found;
    }
  }
  return step == codec::JsonObjectReader::Step::end && found == members.size();
}

bool read_label(const std::string& line, std::string& id, Label& label) {
  if (line.front() == '{')
    return read_members(line, {{"transaction_id", &id}, {"scenario", &label.scenario}, {"case", &label.fraud_case}});
  const std::size_t first = line.find(',');
  const std::size_t second = first == std::string::npos ? first : line.find(',', first + 1);
  if (second == std::string::npos) return false;
  id = line.substr(0, first);
  label = {line.substr(first + 1, second - first - 1), line.substr(second + 1)};
  return true;
}

class Scorer {
 public:
  Scorer(const Labels& labels, model::DecisionThresholds thresholds) : labels_(labels), thresholds_(thresholds) {
    score_.levels = {Level{"any alert"}, Level{"REVIEW or BLOCK"}, Level{"BLOCK"}};
    score_.fraudulent = labels.size();
  }

  void take(const std::string& transaction, int alert_score) {
    if (transaction != open_) close();
    open_ = transaction;
    risk_ += alert_score;
  }

  Score finish() {
    close();
    std::map<std::string, ScenarioScore> scenarios;
    std::map<std::string, std::set<std::string>> cases;
    for (const auto& [id, label] : labels_) {
      ++scenarios[label.scenario].transactions;
      cases[label.scenario].insert(label.fraud_case);
    }
    for (auto& [name, scenario] : scenarios) {
      scenario.name = name;
      scenario.flagged = flagged_[name];
      scenario.cases = cases[name].size();
      scenario.cases_found = cases_found_[name].size();
      score_.scenarios.push_back(scenario);
    }
    return std::move(score_);
  }

 private:
  // All alerts of the open transaction have come.
  void close() {
    if (open_.empty()) return;
    const auto label = labels_.find(open_);
    const auto decision = model::decide(std::min(risk_, model::max_risk), thresholds_);
    for (std::size_t level = 0; level <= static_cast<std::size_t>(decision); ++level) {
      ++score_.levels[level].flagged;
      if (label != labels_.end()) ++score_.levels[level].right;
    }
    if (label != labels_.end()) {
      ++flagged_[label->second.scenario];
      cases_found_[label->second.scenario].insert(label->second.fraud_case);
    }
    open_.clear();
    risk_ = 0;
  }

  const Labels& labels_;
  model::DecisionThresholds thresholds_;
  Score score_;
  std::map<std::string, std::uint64_t> flagged_;
  std::map<std::string, std::set<std::string>> cases_found_;
  std::string open_;
  int risk_ = 0;
};

std::optional<double> share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

std::optional<double> Score::precision(const Level& level) { return share(level.right, level.flagged); }
std::optional<double> Score::recall(const Level& level) const { return share(level.right, fraudulent); }

Result<Score> score_alerts(const std::string& labels_path, const std::string& alerts_path,
                           model::DecisionThresholds thresholds) {
  Labels labels;
  const auto read_labels = for_each_line(labels_path, [&](const std::string& line) {
    std::string id;
    Label label;
    if (!read_label(line, id, label)) return false;
    if (id != "transaction_id") labels.insert_or_assign(std::move(id), std::move(label));  // else: CSV's header
    return true;
  });
  if (!read_labels) return std::unexpected(read_labels.error());

  Scorer scorer(labels, thresholds);
  const auto read_alerts = for_each_line(alerts_path, [&](const std::string& line) {
    std::string id;
    std::string text;
    if (!read_members(line, {{"transaction_id", &id}, {"score", &text}}) || id.empty()) return false;
    int value = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return false;
    scorer.take(id, value);
    return true;
  });
  if (!read_alerts) return std::unexpected(read_alerts.error());
  return scorer.finish();
}

}  // namespace bank::cli

// No single look at a transaction may give the fraud away: a data set in which one threshold does teaches nothing about
// rules or models.
//
// For each field, and for what simple rules compute of an account's last minutes, this takes the best that one
// threshold (or one value, for words) can do with the labels known. The bounds: an AUC of 0.5 is a coin, 1 an oracle;
// published generators reach 0.995 with the amount alone. Below 0.85, and with a best F1 below 0.4, a look is a hint
// and no answer: whoever acts on it is wrong more often than right, or misses most.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "generator/generator.h"

namespace bank::generator {
namespace {

constexpr double most_auc = 0.85;
constexpr double most_f1 = 0.4;

struct Sample {
  double value;
  bool fraud;
};

struct Separation {
  double auc = 0;
  double f1 = 0;
};

double f1_of(double hits, double chosen, double frauds) {
  return chosen + frauds > 0 ? 2 * hits / (chosen + frauds) : 0;
}

/// Of the best rule `value ≥ t` or `value ≤ t`.
Separation separate(std::vector<Sample> samples) {
  std::ranges::sort(samples, {}, &Sample::value);
  const double all = static_cast<double>(samples.size());
  const double frauds = static_cast<double>(std::ranges::count(samples, true, &Sample::fraud));
  Separation best;
  double seen = 0;
  double fraud_seen = 0;
  double area = 0;  // Pairs in which the fraud has the higher value; ties count a half.
  for (auto i = samples.begin(); i != samples.end();) {
    double here = 0;
    double fraud_here = 0;
    const double value = i->value;
    for (; i != samples.end() && i->value <= value; ++i) {
      ++here;
      fraud_here += i->fraud ? 1 : 0;
    }
    area += fraud_here * ((seen - fraud_seen) + (here - fraud_here) / 2);
    best.f1 = std::max(best.f1, f1_of(frauds - fraud_seen, all - seen, frauds));
    seen += here;
    fraud_seen += fraud_here;
    best.f1 = std::max(best.f1, f1_of(fraud_seen, seen, frauds));
  }
  const double auc = area / (frauds * (all - frauds));
  best.auc = std::max(auc, 1 - auc);
  return best;
}

/// Of the best single word; the AUC is that of the words in the order of their share of fraud.
Separation separate_words(const std::vector<std::pair<std::string, bool>>& samples) {
  struct Count {
    double all = 0;
    double fraud = 0;
  };
  std::map<std::string, Count> counts;
  double frauds = 0;
  for (const auto& [word, fraud] : samples) {
    ++counts[word].all;
    counts[word].fraud += fraud ? 1 : 0;
    frauds += fraud ? 1 : 0;
  }
  Separation best;
  std::vector<Sample> ranked;
  for (const auto& [word, fraud] : samples) ranked.push_back({counts[word].fraud / counts[word].all, fraud});
  best.auc = separate(ranked).auc;
  for (const auto& [word, count] : counts) best.f1 = std::max(best.f1, f1_of(count.fraud, count.all, frauds));
  return best;
}

/// What simple rules compute of an account's recent past.
class Past {
 public:
  struct Entry {
    std::int64_t time_us;
    std::string_view location;
    bool failed;
    double amount;
  };

  void add(const model::Transaction& t, std::string_view location) {
    constexpr std::int64_t day_us = 86'400'000'000;
    entries_.push_back(
        {t.time.us(), location, t.status == model::Status::failed, static_cast<double>(t.amount.units())});
    while (entries_.front().time_us < t.time.us() - day_us) entries_.pop_front();
  }
  [[nodiscard]] double count(int minutes) const {
    return fold(minutes, [](double sum, const Entry&) { return sum + 1; });
  }
  [[nodiscard]] double failed(int minutes) const {
    return fold(minutes, [](double sum, const Entry& e) { return sum + (e.failed ? 1 : 0); });
  }
  [[nodiscard]] double sum(int minutes) const {
    return fold(minutes, [](double sum, const Entry& e) { return sum + e.amount; });
  }
  [[nodiscard]] double locations(int minutes) const {
    std::set<std::string_view> seen;
    fold(minutes, [&](double, const Entry& e) { return seen.insert(e.location), 0.0; });
    return static_cast<double>(seen.size());
  }
  [[nodiscard]] double since_last() const {
    if (entries_.size() < 2) return 86'400;
    return static_cast<double>(entries_.back().time_us - entries_[entries_.size() - 2].time_us) / 1e6;
  }

 private:
  template <typename F>
  double fold(int minutes, F&& f) const {
    double result = 0;
    const std::int64_t from = entries_.back().time_us - minutes * std::int64_t{60'000'000};
    for (auto e = entries_.rbegin(); e != entries_.rend() && e->time_us >= from; ++e) result = f(result, *e);
    return result;
  }
  std::deque<Entry> entries_;
};

class SeparationTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SeparationTest, NoSingleLookTellsFraud) {
  Options options;
  options.count = 200'000;
  options.accounts = 5'000;
  options.seed = GetParam();
  options.start = model::EventTime::from_us(1'767'225'600'000'000);
  Generator generator = Generator::make(options).value();

  std::map<std::string, std::vector<Sample>> numbers;
  std::map<std::string, std::vector<std::pair<std::string, bool>>> words;
  std::unordered_map<std::string, Past> pasts;
  std::set<std::string, std::less<>> places;
  for (Block block; generator.next(block);) {
    std::size_t label = 0;
    for (std::size_t i = 0; i < block.transactions().size(); ++i) {
      const model::Transaction& t = block.transactions()[i];
      const bool fraud = label < block.labels().size() && block.labels()[label].index == i;
      label += fraud ? 1 : 0;
      Past& past = pasts[std::string(t.account_number)];
      past.add(t, *places.emplace(*t.location).first);
      numbers["amount"].push_back({static_cast<double>(t.amount.units()), fraud});
      numbers["hour"].push_back({static_cast<double>(t.time.hour()), fraud});
      numbers["weekday"].push_back({static_cast<double>(t.time.weekday()), fraud});
      numbers["count in 5 minutes"].push_back({past.count(5), fraud});
      numbers["count in an hour"].push_back({past.count(60), fraud});
      numbers["count in a day"].push_back({past.count(24 * 60), fraud});
      numbers["failed in 10 minutes"].push_back({past.failed(10), fraud});
      numbers["locations in 10 minutes"].push_back({past.locations(10), fraud});
      numbers["sum in an hour"].push_back({past.sum(60), fraud});
      numbers["seconds since the last"].push_back({past.since_last(), fraud});
      words["type"].emplace_back(t.transaction_type, fraud);
      words["location"].emplace_back(*t.location, fraud);
      words["merchant"].emplace_back(t.merchant.value_or("null"), fraud);
      words["status"].emplace_back(to_string(t.status), fraud);
      words["amount with its cents"].emplace_back(std::to_string(t.amount.units() % 10'000), fraud);
    }
  }

  const auto judge = [](const std::string& look, Separation found) {
    fmt::print("  {:<24} AUC {:.3f}  best F1 {:.3f}\n", look, found.auc, found.f1);
    EXPECT_LT(found.auc, most_auc) << look;
    EXPECT_LT(found.f1, most_f1) << look;
  };
  for (const auto& [look, samples] : numbers) judge(look, separate(samples));
  for (const auto& [look, samples] : words) judge(look, separate_words(samples));
}

INSTANTIATE_TEST_SUITE_P(Seeds, SeparationTest, ::testing::Values(1, 2, 42));

TEST(Separate, KnowsACoinFromAnOracle) {
  const std::vector<Sample> oracle{{1, false}, {2, false}, {3, true}, {4, true}};
  EXPECT_DOUBLE_EQ(separate(oracle).auc, 1);
  EXPECT_DOUBLE_EQ(separate(oracle).f1, 1);
  const std::vector<Sample> coin{{1, false}, {1, true}, {2, true}, {2, false}};
  EXPECT_DOUBLE_EQ(separate(coin).auc, 0.5);
  EXPECT_DOUBLE_EQ(separate_words({{"a", true}, {"a", true}, {"b", false}}).f1, 1);
}

}  // namespace
}  // namespace bank::generator

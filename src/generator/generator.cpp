#include "generator/generator.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/hash.h"
#include "generator/block_writer.h"
#include "generator/calendar.h"
#include "generator/habits.h"
#include "generator/planner.h"

namespace bank::generator {
namespace {

constexpr double most_fraud = 0.5;
constexpr double most_per_day = 86'400;
constexpr double most_per_second = 10'000'000;
constexpr double least_per_second = 1e-5;
constexpr double last_day = 2'932'896;                // 9999-12-31
constexpr std::int64_t first_us = -719'162 * day_us;  // 0001-01-01
/// Days that the end may lie behind what the average rate says, as the week is not even.
constexpr double slack_days = 4;

Result<void> check_span(const Options& options) {
  if (options.count == Options::endless) return {};
  const double count = static_cast<double>(options.count);
  const double left = last_day - slack_days - static_cast<double>(options.start.us()) / static_cast<double>(day_us);
  if (options.per_second) {
    if (count / *options.per_second / most_per_day < left) return {};
    return fail_config(
        fmt::format("{} transactions at {} a second would end after the year 9999: ask for fewer, or for more a second",
                    options.count, *options.per_second));
  }
  if (count / (static_cast<double>(options.accounts) * options.per_day) < left) return {};
  return fail_config(
      fmt::format("{} transactions of {} account{} at {} a day each would end after the year 9999: "
                  "ask for at least {} accounts, or for more transactions a day",
                  options.count, options.accounts, options.accounts == 1 ? "" : "s", options.per_day,
                  left > 0 ? static_cast<std::uint64_t>(count / (options.per_day * left)) + 1 : 1));
}

}  // namespace

Result<void> check(const Options& options) {
  if (options.accounts < 1 || options.accounts > Population::max_accounts) {
    return fail_config(fmt::format("{} accounts: the number of accounts must be from 1 to {}", options.accounts,
                                   Population::max_accounts));
  }
  if (!(options.fraud_rate >= 0 && options.fraud_rate <= most_fraud)) {
    return fail_config(fmt::format("a fraud rate of {}: it must be from 0 to {}, as a share of the transactions",
                                   options.fraud_rate, most_fraud));
  }
  if (!(options.per_day > 0 && options.per_day <= most_per_day)) {
    return fail_config(fmt::format("{} transactions a day of each account: the number must be above 0, and at most {}",
                                   options.per_day, most_per_day));
  }
  if (options.per_second && !(*options.per_second >= least_per_second && *options.per_second <= most_per_second)) {
    return fail_config(fmt::format("{} transactions a second: the rate must be from {} to {}", *options.per_second,
                                   least_per_second, most_per_second));
  }
  const double days = static_cast<double>(options.start.us()) / static_cast<double>(day_us);
  if (options.start.us() < first_us || days > last_day - slack_days) {
    return fail_config("the start must lie in the years 1 to 9999, and leave some days before the end of the last");
  }
  return check_span(options);
}

std::uint64_t accounts_for(double per_second, double per_day) {
  const double accounts = per_second * most_per_day / per_day;
  constexpr double least = 1'000;
  return static_cast<std::uint64_t>(std::clamp(accounts, least, static_cast<double>(Population::max_accounts)));
}

Result<Generator> Generator::make(const Options& options) {
  if (auto checked = check(options); !checked) return std::unexpected(checked.error());
  auto world = std::make_unique<const World>(options);
  auto planner = std::make_unique<Planner>(*world);
  return Generator(std::move(world), std::move(planner));
}

Generator::Generator(std::unique_ptr<const World> world, std::unique_ptr<Planner> planner)
    : world_(std::move(world)), planner_(std::move(planner)) {}
Generator::~Generator() = default;
Generator::Generator(Generator&&) noexcept = default;
Generator& Generator::operator=(Generator&&) noexcept = default;

const Options& Generator::options() const { return world_->options; }

bool Generator::plan(Slice& slice) { return planner_->plan(slice); }

bool Generator::next(Block& block) {
  if (!plan(slice_)) return false;
  fill(slice_, block);
  return true;
}

void Generator::fill(const Slice& slice, Block& block) const {
  const Population& population = world_->population;
  Random random(derive(world_->options.seed, Purpose::slot, slice.index));
  BlockWriter writer(*world_, slice, block);

  const std::int64_t day = floor_divide(slice.begin_us, day_us);
  const auto hour = static_cast<unsigned>((slice.begin_us - day * day_us) / hour_us);
  const auto length = static_cast<std::uint64_t>(slice.length_us);
  auto scripted = slice.scripted.begin();
  std::uint64_t paid = 0;
  for (std::uint64_t i = 0; i < slice.ordinary; ++i) {
    // One in each of `ordinary` equal parts of the slice: in order of time without sorting.
    const auto into_slice =
        static_cast<std::int64_t>((static_cast<Wide>(i) * length + random.below(length)) / slice.ordinary);
    const std::int64_t time_us = slice.begin_us + into_slice;
    for (; scripted != slice.scripted.end() && scripted->time_us <= time_us; ++scripted) writer.add(*scripted);
    const std::uint64_t paid_before = paid;
    paid = static_cast<std::uint64_t>(static_cast<Wide>(i + 1) * slice.salaries / slice.ordinary);
    Event event;
    if (paid > paid_before) {
      const std::uint64_t person = payee(slice.pay_mask, slice.first_payee + paid_before);
      event = salary_event(population, population.first_person() + person, paid_by_fortnight(person), random);
    } else {
      event = ordinary_event(population, population.pick_awake(random, hour), random);
    }
    event.time_us = time_us;
    writer.add(event);
  }
  for (; scripted != slice.scripted.end(); ++scripted) writer.add(*scripted);
  BANK_ASSERT(block.transactions().size() == slice.events);
}

}  // namespace bank::generator

#include "generator/planner.h"

#include <algorithm>
#include <cmath>

#include "generator/calendar.h"

namespace bank::generator {
namespace {

constexpr double usual_per_day = 2.5;
constexpr double look_alike_rate = 0.015;
/// A story begins when so many of its kind's transactions are due; about half of what a story has.
constexpr double story_size = 2.5;
constexpr double events_per_slice = 1'000;
constexpr std::int64_t payday_begin_us = 5 * hour_us;
constexpr std::int64_t payday_end_us = 10 * hour_us;
constexpr std::int64_t year_10000_us = 253'402'300'800 * second_us;

double rate_per_us(const Options& options) {
  if (options.per_second) return *options.per_second / 1e6;
  return static_cast<double>(options.accounts) * options.per_day / static_cast<double>(day_us);
}

std::int64_t slice_length_us(double per_us) {
  constexpr std::array<std::int64_t, 24> lengths_ms{
      3'600'000, 1'800'000, 1'200'000, 900'000, 600'000, 300'000, 240'000, 120'000, 60'000, 30'000, 20'000, 10'000,
      5'000,     2'000,     1'000,     500,     200,     100,     50,      20,      10,     5,      2,      1};
  for (const std::int64_t length_ms : lengths_ms) {
    if (static_cast<double>(length_ms * 1000) * per_us <= events_per_slice) return length_ms * 1000;
  }
  return lengths_ms.back() * 1000;
}

}  // namespace

World::World(const Options& asked)
    : options(asked),
      population(asked.accounts, asked.seed),
      start_us(floor_divide(asked.start.us(), second_us) * second_us),
      per_us(rate_per_us(asked)),
      length_us(slice_length_us(per_us)) {
  const double per_day = per_us * static_cast<double>(day_us) / static_cast<double>(asked.accounts);
  paid_share = std::min(1.0, per_day / usual_per_day);
}

std::int64_t World::even_time_us(std::uint64_t number) const {
  return start_us + static_cast<std::int64_t>(static_cast<double>(number - 1) * 1e6 / *options.per_second);
}

template <std::size_t size>
std::size_t Planner::Deck<size>::deal(Random& random) {
  if (left_ == 0) {
    left_ = size;
    for (std::size_t i = 0; i < size; ++i) cards_[i] = static_cast<std::uint8_t>(i);
  }
  std::swap(cards_[random.below(left_)], cards_[left_ - 1]);
  return cards_[--left_];
}

Planner::Planner(const World& world)
    : world_(world),
      begin_us_(world.start_us),
      last_us_(year_10000_us),
      fraud_random_(derive(world.options.seed, Purpose::fraud, 0)),
      look_alike_random_(derive(world.options.seed, Purpose::look_alike, 0)) {}

bool Planner::later(const Pending& a, const Pending& b) {
  return a.event.time_us != b.event.time_us ? a.event.time_us > b.event.time_us : a.order > b.order;
}

bool Planner::plan(Slice& slice) {
  const std::uint64_t count = world_.options.count;
  while (planned_ < count && begin_us_ < last_us_) {
    const std::int64_t length = world_.length_us;
    const std::int64_t end_us = (floor_divide(begin_us_, length) + 1) * length;
    slice.index = index_++;
    slice.begin_us = begin_us_;
    slice.length_us = end_us - begin_us_;
    begin_us_ = end_us;

    const std::int64_t day = floor_divide(slice.begin_us, day_us);
    const auto hour = static_cast<unsigned>((slice.begin_us - day * day_us) / hour_us);
    const double busy = world_.options.per_second ? 1.0 : activity(day, hour);
    const double expected = static_cast<double>(slice.length_us) * world_.per_us * busy;
    curve_ += expected;
    start_stories(slice, expected);
    take_scripted(slice);

    const auto should_be = static_cast<std::uint64_t>(curve_);
    const std::uint64_t scripted = slice.scripted.size();
    slice.ordinary = should_be > planned_ + scripted ? should_be - planned_ - scripted : 0;
    add_salaries(slice);
    slice.events = std::min(slice.ordinary + scripted, count - planned_);
    slice.first_number = planned_ + 1;
    planned_ += slice.events;
    if (slice.events > 0) return true;
  }
  return false;
}

void Planner::start_stories(const Slice& slice, double expected) {
  const auto moment = [&](Random& random) {
    return slice.begin_us + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(slice.length_us)));
  };
  fraud_due_ += expected * world_.options.fraud_rate;
  while (fraud_due_ >= story_size) {
    const Scenario scenario = fraud_scenarios[fraud_deck_.deal(fraud_random_)];
    const std::int64_t start_us = moment(fraud_random_);
    act_fraud(scenario, world_.population, start_us, fraud_random_, story_);
    ++cases_;
    for (Event& event : story_) event.case_number = cases_;
    story_.front().opens_case = true;
    fraud_due_ -= static_cast<double>(story_.size());
    tell(story_);
  }
  look_alikes_due_ += expected * look_alike_rate;
  while (look_alikes_due_ >= story_size) {
    const auto kind = static_cast<LookAlike>(look_alike_deck_.deal(look_alike_random_));
    const std::int64_t start_us = moment(look_alike_random_);
    act_look_alike(kind, world_.population, start_us, look_alike_random_, story_);
    look_alikes_due_ -= static_cast<double>(story_.size());
    tell(story_);
  }
}

void Planner::tell(std::vector<Event>& events) {
  for (const Event& event : events) {
    pending_.push_back({event, told_++});
    std::push_heap(pending_.begin(), pending_.end(), later);
  }
  events.clear();
}

void Planner::take_scripted(Slice& slice) {
  slice.scripted.clear();
  while (!pending_.empty() && pending_.front().event.time_us < slice.begin_us + slice.length_us) {
    std::pop_heap(pending_.begin(), pending_.end(), later);
    slice.scripted.push_back(pending_.back().event);
    pending_.pop_back();
  }
}

// Salaries come in evenly over the hours of the bank's morning run. They are part of the ordinary transactions.
void Planner::add_salaries(Slice& slice) const {
  const std::int64_t day = floor_divide(slice.begin_us, day_us);
  slice.pay_mask = groups_paid_on(day);
  const std::uint64_t all = payees(slice.pay_mask, world_.population.people());
  const auto paid = static_cast<std::uint64_t>(static_cast<double>(all) * world_.paid_share);
  const auto paid_by = [&](std::int64_t time_us) {
    const std::int64_t passed = std::clamp(time_us - day * day_us, payday_begin_us, payday_end_us) - payday_begin_us;
    return static_cast<std::uint64_t>(static_cast<Wide>(paid) * static_cast<std::uint64_t>(passed) /
                                      static_cast<std::uint64_t>(payday_end_us - payday_begin_us));
  };
  slice.first_payee = paid_by(slice.begin_us);
  slice.salaries = paid_by(slice.begin_us + slice.length_us) - slice.first_payee;
  slice.ordinary = std::max(slice.ordinary, slice.salaries);
}

}  // namespace bank::generator

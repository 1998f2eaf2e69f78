// How many transactions happen when, and when a story begins.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "generator/episode.h"
#include "generator/generator.h"
#include "generator/population.h"

namespace bank::generator {

/// The checked Options with what follows from them. Immutable.
struct World {
  explicit World(const Options& asked);

  Options options;
  Population population;
  std::int64_t start_us;
  double per_us;  ///< Transactions a microsecond, on average.
  double
      paid_share;  ///< Of the customers whose payday it is: below 1 where the data shows less than their whole traffic.
  std::int64_t length_us;  ///< Of a slice: a whole part of an hour, so that hour and day don't change within it.

  /// When the transaction of that running number happens, where times are even (Options::per_second).
  [[nodiscard]] std::int64_t even_time_us(std::uint64_t number) const;
};

/// Makes slices in order: the transactions that the curve of the week asks for, less those of the stories that are
/// under way.
class Planner {
 public:
  explicit Planner(const World& world);
  [[nodiscard]] bool plan(Slice& slice);

 private:
  template <std::size_t size>
  class Deck {  // Deals 0 … size − 1 in a new order each time round, so that small outputs have something of
                // everything.
   public:
    std::size_t deal(Random& random);

   private:
    std::array<std::uint8_t, size> cards_{};
    std::size_t left_ = 0;
  };
  struct Pending {
    Event event;
    std::uint64_t order;  // Breaks ties of time.
  };
  static bool later(const Pending& a, const Pending& b);

  void start_stories(const Slice& slice, double expected);
  void tell(std::vector<Event>& events);
  void take_scripted(Slice& slice);
  void add_salaries(Slice& slice) const;

  const World& world_;
  std::uint64_t index_ = 0;
  std::int64_t begin_us_;
  std::int64_t last_us_;
  double curve_ = 0;           // Transactions that there should be by the end of the slice.
  std::uint64_t planned_ = 0;  // Transactions that there are.
  double fraud_due_ = 0;       // Transactions of fraud cases that there should be more.
  double look_alikes_due_ = 0;
  std::uint64_t cases_ = 0;
  std::uint64_t told_ = 0;
  Random fraud_random_;
  Random look_alike_random_;
  Deck<fraud_scenarios.size()> fraud_deck_;
  Deck<look_alike_count> look_alike_deck_;
  std::vector<Event> story_;
  std::vector<Pending> pending_;  // A heap, the earliest first.
};

}  // namespace bank::generator

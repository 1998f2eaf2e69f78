// Each scenario varies in size and pace, so that a rule made for it finds many of its cases and not all.
#include "generator/episode.h"

namespace bank::generator {
namespace {

using model::Status;
using Tail = AmountCurve::Tail;

constexpr AmountCurve probes{50, 390, 2'900, Tail::heavy};
constexpr AmountCurve stolen_goods{12'000, 75'000, 450'000, Tail::heavy};
constexpr AmountCurve drains{20'000, 160'000, 1'400'000, Tail::heavy};
constexpr AmountCurve last_cash{20'000, 50'000, 100'000, Tail::light, 1'000};

void card_testing(Episode& episode) {
  Random& random = episode.random();
  for (std::int64_t left = random.between(2, 7); left > 0; --left) {
    const Category category = random.percent(60) ? Category::digital : Category::online;
    Event probe = purchase(episode.customer(), pick_merchant(category, random.next()), 0, random);
    probe.cents = probes.draw(random.next());
    episode.add(probe, random.percent(25) ? Status::failed : Status::completed);
    episode.wait(8, 150);
  }
  episode.wait(30, 2'400);
  for (std::int64_t left = random.between(1, 2); left > 0; --left) {
    const Category category = random.percent(50) ? Category::electronics : Category::online;
    Event goods = purchase(episode.customer(), pick_merchant(category, random.next()), 0, random);
    goods.cents = stolen_goods.draw(random.next());
    goods.location = by_app_or_browser(episode.customer(), random);
    episode.add(goods, random.percent(12) ? Status::pending : Status::completed);
    episode.wait(40, 900);
  }
}

void account_takeover(Episode& episode) {
  Random& random = episode.random();
  if (random.percent(45)) episode.wait_for_night();
  const bool from_atm = random.percent(40);
  const LocationId place = from_atm ? some_atm(another_city(episode.customer().home_city(), random), random)
                                    : by_app_or_browser(episode.customer(), random);
  for (std::int64_t left = random.between(0, 4); left > 0; --left) {
    const Event attempt{.cents = transfer_cents(episode.customer(), random), .kind = Kind::transfer, .location = place};
    episode.add(attempt, Status::failed);
    episode.wait(8, 150);
  }
  episode.wait(20, 900);
  for (std::int64_t left = random.between(1, 4); left > 0; --left) {
    Event drain{.cents = drains.draw(random.next()), .kind = Kind::transfer};
    drain.location = by_app_or_browser(episode.customer(), random);
    episode.add(drain, ordinary_status(Kind::transfer, random));
    episode.wait(25, 1'200);
  }
}

void velocity_burst(Episode& episode) {
  Random& random = episode.random();
  const bool fast = random.percent(60);
  const bool at_one_place = random.percent(50);
  const std::size_t city = episode.customer().home_city();
  MerchantId merchant = pick_merchant(random.next());
  for (std::int64_t left = random.between(4, 11); left > 0; --left) {
    Event event = purchase(episode.customer(), merchant, city, random);
    if (!at_one_place && random.percent(20)) {
      event = {.cents = withdrawal_cents(episode.customer(), random), .kind = Kind::withdrawal};
      event.location = some_atm(city, random);
    }
    episode.add(event, ordinary_status(event.kind, random));
    fast ? episode.wait(4, 75) : episode.wait(50, 240);
    if (!at_one_place) merchant = pick_merchant(random.next());
  }
}

void impossible_travel(Episode& episode) {
  Random& random = episode.random();
  const bool fast = random.percent(55);
  std::size_t city = random.percent(60) ? episode.customer().home_city() : random.below(city_count);
  for (std::int64_t left = random.between(2, 6); left > 0; --left) {
    Event event{.cents = withdrawal_cents(episode.customer(), random), .kind = Kind::withdrawal};
    event.location = some_atm(city, random);
    if (random.percent(60)) {
      const Category category = random.percent(50) ? Category::retail : Category::restaurant;
      event = purchase(episode.customer(), pick_merchant(category, random.next()), city, random);
    }
    episode.add(event, ordinary_status(event.kind, random));
    city = another_city(city, random);
    fast ? episode.wait(30, 330) : episode.wait(400, 3'000);
  }
}

void structuring(Episode& episode) {
  Random& random = episode.random();
  const bool cash = random.percent(60);
  for (std::int64_t left = random.between(3, 6); left > 0; --left) {
    Event event{.kind = cash ? Kind::deposit : Kind::transfer};
    event.cents = random.percent(80) ? random.between(4'000, 4'990) * 100 : random.between(3'100, 3'990) * 100;
    if (random.percent(40)) event.cents += random.between(0, 999);
    event.location = by_app_or_browser(episode.customer(), random);
    if (cash) event.location = branch(episode.customer().home_city(), random.below(branches_per_city));
    episode.add(event, ordinary_status(event.kind, random));
    episode.wait(1'200, 5 * 3'600);
  }
}

void repeat_charge(Episode& episode) {
  Random& random = episode.random();
  const bool fast = random.percent(75);
  Event charge = purchase(episode.customer(), pick_merchant(random.next()), episode.customer().home_city(), random);
  for (std::int64_t left = random.between(2, 4); left > 0; --left) {
    episode.add(charge, random.percent(10) ? Status::pending : Status::completed);
    fast ? episode.wait(2, 80) : episode.wait(100, 600);
  }
}

void dormant_wakeup(Episode& episode) {
  Random& random = episode.random();
  if (random.percent(45)) {
    Event test = purchase(episode.customer(), pick_merchant(Category::digital, random.next()), 0, random);
    episode.add(test, ordinary_status(test.kind, random));
    episode.wait(120, 3'600);
  }
  for (std::int64_t left = random.between(1, 4); left > 0; --left) {
    Event event{.cents = drains.draw(random.next(), 96), .kind = Kind::transfer};
    event.location = by_app_or_browser(episode.customer(), random);
    if (random.percent(25)) {
      event = {.cents = last_cash.draw(random.next()), .kind = Kind::withdrawal};
      event.location = some_atm(random.below(city_count), random);
    }
    episode.add(event, ordinary_status(event.kind, random));
    episode.wait(60, 5'400);
  }
}

}  // namespace

void act_fraud(Scenario scenario, const Population& population, std::int64_t start_us, Random& random,
               std::vector<Event>& out) {
  const std::size_t first = out.size();
  const bool dormant = scenario == Scenario::dormant_wakeup;
  const std::uint64_t victim = dormant ? population.pick_dormant(random) : population.pick_person(random);
  Episode episode(population, random, victim, start_us, out);
  switch (scenario) {
    case Scenario::none: break;
    case Scenario::card_testing: card_testing(episode); break;
    case Scenario::account_takeover: account_takeover(episode); break;
    case Scenario::velocity_burst: velocity_burst(episode); break;
    case Scenario::impossible_travel: impossible_travel(episode); break;
    case Scenario::structuring: structuring(episode); break;
    case Scenario::repeat_charge: repeat_charge(episode); break;
    case Scenario::dormant_wakeup: dormant_wakeup(episode); break;
  }
  for (std::size_t i = first; i < out.size(); ++i) out[i].scenario = scenario;
}

}  // namespace bank::generator

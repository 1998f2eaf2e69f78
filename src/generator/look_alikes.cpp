// Each shares with some scenario of fraud what a simple rule would look at, so that such a rule has false alarms to
// weigh.
#include "generator/episode.h"

namespace bank::generator {
namespace {

using model::Status;
using Tail = AmountCurve::Tail;

constexpr AmountCurve savings{250'000, 620'000, 9'000'000, Tail::light, 10'000};
constexpr AmountCurve bonuses{60'000, 210'000, 1'500'000, Tail::light};
constexpr AmountCurve long_planned{20'000, 90'000, 600'000, Tail::heavy};
constexpr AmountCurve app_prices{99, 499, 1'900, Tail::light, 10};

void buy(Episode& episode, Category category, std::size_t city) {
  Random& random = episode.random();
  const Event event = purchase(episode.customer(), pick_merchant(category, random.next()), city, random);
  episode.add(event, ordinary_status(event.kind, random));
}

void payday_spending(Episode& episode) {
  Random& random = episode.random();
  Event bonus{.cents = bonuses.draw(random.next(), episode.customer().spending_64()), .kind = Kind::deposit};
  bonus.location = online_portal();
  episode.add(bonus, Status::completed);
  for (std::int64_t left = random.between(3, 8); left > 0; --left) {
    episode.wait(10, 400);
    if (random.percent(35)) {
      Event bill{.cents = transfer_cents(episode.customer(), random), .kind = Kind::transfer};
      bill.location = by_app_or_browser(episode.customer(), random);
      episode.add(bill, ordinary_status(bill.kind, random));
    } else {
      const MerchantId merchant = episode.customer().usual_merchant(random.next());
      buy(episode, category_of(merchant), episode.customer().home_city());
    }
  }
}

void holiday_shopping(Episode& episode) {
  Random& random = episode.random();
  constexpr std::array categories{Category::retail, Category::electronics, Category::online, Category::restaurant};
  const bool in_a_hurry = random.percent(35);
  for (std::int64_t left = random.between(4, 10); left > 0; --left) {
    buy(episode, categories[random.below(categories.size())], episode.customer().home_city());
    in_a_hurry ? episode.wait(10, 110) : episode.wait(120, 1'500);
  }
}

void journey(Episode& episode) {
  Random& random = episode.random();
  const std::size_t away = another_city(episode.customer().home_city(), random);
  if (random.percent(50)) buy(episode, Category::travel, away);
  const bool change_of_trains = random.percent(40);
  std::size_t city = change_of_trains ? episode.customer().home_city() : away;
  constexpr std::array categories{Category::fuel, Category::restaurant, Category::coffee, Category::retail};
  for (std::int64_t left = random.between(3, 6); left > 0; --left) {
    random.percent(40) ? episode.wait(40, 300) : episode.wait(600, 7'200);
    if (random.percent(20)) {
      Event cash{.cents = withdrawal_cents(episode.customer(), random), .kind = Kind::withdrawal};
      cash.location = some_atm(city, random);
      episode.add(cash, ordinary_status(cash.kind, random));
    } else {
      buy(episode, categories[random.below(categories.size())], city);
    }
    city = away;
  }
}

void business_rush(Episode& episode) {
  Random& random = episode.random();
  const MerchantId itself = episode.customer().usual_merchant(0);
  for (std::int64_t left = random.between(4, 14); left > 0; --left) {
    const Event event = purchase(episode.customer(), itself, episode.customer().home_city(), random);
    episode.add(event, ordinary_status(event.kind, random));
    episode.wait(5, 130);
  }
}

void double_purchase(Episode& episode) {
  Random& random = episode.random();
  constexpr std::array categories{Category::coffee, Category::restaurant, Category::retail, Category::digital};
  const Category category = categories[random.below(categories.size())];
  const Event event =
      purchase(episode.customer(), pick_merchant(category, random.next()), episode.customer().home_city(), random);
  for (std::int64_t left = random.percent(85) ? 2 : 3; left > 0; --left) {
    episode.add(event, ordinary_status(event.kind, random));
    episode.wait(6, 170);
  }
}

void big_transfer(Episode& episode) {
  Random& random = episode.random();
  for (std::int64_t left = random.percent(60) ? 1 : random.between(2, 3); left > 0; --left) {
    Event event{.cents = savings.draw(random.next()), .kind = Kind::transfer};
    event.location =
        random.percent(25) ? episode.customer().home_branch() : by_app_or_browser(episode.customer(), random);
    episode.add(event, ordinary_status(event.kind, random));
    episode.wait(60, 7'200);
  }
}

void mistyped_pin(Episode& episode) {
  Random& random = episode.random();
  Event event{.cents = withdrawal_cents(episode.customer(), random), .kind = Kind::withdrawal};
  event.location = episode.customer().home_atm();
  for (std::int64_t left = random.between(1, 3); left > 0; --left) {
    episode.add(event, Status::failed);
    episode.wait(10, 60);
  }
  if (random.percent(25)) {
    episode.wait(120, 900);
    event.location = some_atm(episode.customer().home_city(), random);
  }
  episode.add(event, Status::completed);
}

void instalments(Episode& episode) {
  Random& random = episode.random();
  const Kind kind = random.percent(50) ? Kind::deposit : Kind::transfer;
  for (std::int64_t left = random.between(2, 4); left > 0; --left) {
    Event event{.cents = random.between(350'000, 520'000), .kind = kind};
    if (random.percent(50)) event.cents -= event.cents % 5'000;
    event.location = kind == Kind::deposit ? episode.customer().home_branch() : online_portal();
    episode.add(event, ordinary_status(kind, random));
    episode.wait(1'800, 6 * 3'600);
  }
}

void app_purchases(Episode& episode) {
  Random& random = episode.random();
  const MerchantId merchant = pick_merchant(Category::digital, random.next());
  for (std::int64_t left = random.between(2, 6); left > 0; --left) {
    Event event = purchase(episode.customer(), merchant, 0, random);
    event.cents = app_prices.draw(random.next());
    episode.add(event, ordinary_status(event.kind, random));
    episode.wait(10, 240);
  }
  if (!random.percent(40)) return;
  episode.wait(60, 1'500);
  Event event = purchase(episode.customer(), pick_merchant(Category::travel, random.next()), 0, random);
  event.cents = long_planned.draw(random.next());
  episode.add(event, ordinary_status(event.kind, random));
}

void returning_customer(Episode& episode) {
  Random& random = episode.random();
  Event back{.cents = bonuses.draw(random.next()), .kind = Kind::deposit, .location = episode.customer().home_branch()};
  episode.add(back, ordinary_status(back.kind, random));
  for (std::int64_t left = random.between(1, 4); left > 0; --left) {
    episode.wait(120, 7'200);
    if (random.percent(35)) {
      Event event{.cents = bonuses.draw(random.next()), .kind = Kind::transfer, .location = online_portal()};
      episode.add(event, ordinary_status(event.kind, random));
    } else {
      buy(episode, category_of(episode.customer().usual_merchant(random.next())), episode.customer().home_city());
    }
  }
}

std::uint64_t whose(LookAlike kind, const Population& population, Random& random) {
  switch (kind) {
    case LookAlike::business_rush: return population.pick_business(random);
    case LookAlike::returning_customer: return population.pick_dormant(random);
    case LookAlike::instalments:
    case LookAlike::big_transfer:
      return random.percent(40) ? population.pick_business(random) : population.pick_person(random);
    default: return population.pick_person(random);
  }
}

}  // namespace

void act_look_alike(LookAlike kind, const Population& population, std::int64_t start_us, Random& random,
                    std::vector<Event>& out) {
  Episode episode(population, random, whose(kind, population, random), start_us, out);
  switch (kind) {
    case LookAlike::payday_spending: payday_spending(episode); break;
    case LookAlike::holiday_shopping: holiday_shopping(episode); break;
    case LookAlike::journey: journey(episode); break;
    case LookAlike::business_rush: business_rush(episode); break;
    case LookAlike::double_purchase: double_purchase(episode); break;
    case LookAlike::big_transfer: big_transfer(episode); break;
    case LookAlike::mistyped_pin: mistyped_pin(episode); break;
    case LookAlike::instalments: instalments(episode); break;
    case LookAlike::app_purchases: app_purchases(episode); break;
    case LookAlike::returning_customer: returning_customer(episode); break;
  }
}

}  // namespace bank::generator

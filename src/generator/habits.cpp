#include "generator/habits.h"

#include <array>

namespace bank::generator {
namespace {

using Tail = AmountCurve::Tail;

// In the order of Kind: deposit, withdrawal, transfer, payment.
constexpr std::array<double, 4> person_kinds{7, 17, 18, 58};
constexpr std::array<double, 4> business_kinds{3, 2, 8, 87};

constexpr AmountCurve withdrawals{2'000, 9'000, 100'000, Tail::heavy, 1'000};
constexpr AmountCurve counter_withdrawals{10'000, 80'000, 1'000'000, Tail::heavy, 5'000};
constexpr AmountCurve deposits{5'000, 32'000, 2'000'000, Tail::heavy};
constexpr AmountCurve takings{20'000, 65'000, 2'500'000, Tail::heavy, 10};
constexpr AmountCurve transfers{1'000, 14'000, 4'000'000, Tail::heavy, 50};
constexpr AmountCurve invoices{5'000, 25'000, 6'000'000, Tail::heavy};
constexpr AmountCurve bills{2'000, 8'500, 250'000, Tail::heavy};

constexpr std::uint64_t every_256th = 256;

std::size_t city_of_the_day(const Customer& customer, Random& random) {
  const std::uint64_t draw = random.next();
  if (customer.is_business()) return customer.home_city();
  return draw >> 56 < 14 ? scale_to(mix64(draw), city_count) : customer.home_city();
}

Event payment(const Customer& customer, Random& random) {
  const std::uint64_t draw = random.next();
  if (!customer.is_business() && draw % 100 < 6) {  // A bill: no merchant.
    Event event{.cents = bills.draw(random.next(), customer.spending_64()), .kind = Kind::payment};
    event.location = by_app_or_browser(customer, random);
    return event;
  }
  const bool usual = customer.is_business() || draw % 100 < 70;
  const MerchantId merchant = usual ? customer.usual_merchant(draw >> 32) : pick_merchant(draw);
  return purchase(customer, merchant, city_of_the_day(customer, random), random);
}

Event withdrawal(const Customer& customer, Random& random) {
  Event event{.kind = Kind::withdrawal};
  const std::uint64_t draw = random.below(100);
  if (draw < 4) {
    event.cents = counter_withdrawals.draw(random.next(), customer.spending_64());
    event.location = customer.home_branch();
    return event;
  }
  event.cents = withdrawal_cents(customer, random);
  event.location = draw < 80 ? customer.home_atm() : some_atm(city_of_the_day(customer, random), random);
  return event;
}

Event deposit(const Customer& customer, Random& random) {
  Event event{.cents = deposit_cents(customer, random), .kind = Kind::deposit};
  const std::uint64_t draw = random.below(100);
  event.location = draw < 50   ? customer.home_branch()
                   : draw < 70 ? customer.home_atm()
                               : by_app_or_browser(customer, random);
  return event;
}

Event transfer(const Customer& customer, Random& random) {
  Event event{.cents = transfer_cents(customer, random), .kind = Kind::transfer};
  event.location = random.percent(8) ? customer.home_branch() : by_app_or_browser(customer, random);
  return event;
}

}  // namespace

LocationId by_app_or_browser(const Customer& customer, Random& random) {
  return random.below(every_256th) < customer.app_share() ? mobile_app() : online_portal();
}

LocationId some_atm(std::size_t city, Random& random) { return atm(city, random.below(atms_per_city)); }

std::size_t another_city(std::size_t city, Random& random) {
  return (city + 1 + random.below(city_count - 1)) % city_count;
}

model::Status ordinary_status(Kind kind, Random& random) {
  struct Odds {  // In a thousand.
    std::uint64_t pending;
    std::uint64_t failed;
  };
  constexpr std::array<Odds, 4> odds{{{90, 25}, {40, 62}, {130, 48}, {108, 45}}};
  const Odds& of_kind = odds[static_cast<std::size_t>(kind)];
  const std::uint64_t draw = random.below(1000);
  if (draw < of_kind.pending) return model::Status::pending;
  return draw < of_kind.pending + of_kind.failed ? model::Status::failed : model::Status::completed;
}

std::int64_t withdrawal_cents(const Customer& customer, Random& random) {
  return withdrawals.draw(random.next(), customer.spending_64());
}

std::int64_t deposit_cents(const Customer& customer, Random& random) {
  return (customer.is_business() ? takings : deposits).draw(random.next(), customer.spending_64());
}

std::int64_t transfer_cents(const Customer& customer, Random& random) {
  return (customer.is_business() ? invoices : transfers).draw(random.next(), customer.spending_64());
}

Event purchase(const Customer& customer, MerchantId merchant, std::size_t city, Random& random) {
  const Category category = category_of(merchant);
  Event event{.kind = Kind::payment, .merchant = merchant};
  event.cents = prices(category).draw(random.next(), customer.spending_64());
  const bool by_app = random.below(every_256th) < customer.app_share();
  event.location = place_of_sale(category, city, by_app);
  return event;
}

Event ordinary_event(const Population& population, std::uint64_t rank, Random& random) {
  static const Choice<8> of_person(person_kinds);
  static const Choice<8> of_business(business_kinds);
  const Customer customer(population, rank);
  const auto kind = static_cast<Kind>((customer.is_business() ? of_business : of_person).pick(random.next()));
  Event event;
  switch (kind) {
    case Kind::deposit: event = deposit(customer, random); break;
    case Kind::withdrawal: event = withdrawal(customer, random); break;
    case Kind::transfer: event = transfer(customer, random); break;
    case Kind::payment: event = payment(customer, random); break;
  }
  event.account = rank;
  event.status = ordinary_status(kind, random);
  return event;
}

Event salary_event(const Population& population, std::uint64_t rank, bool every_fortnight, Random& random) {
  const Customer customer(population, rank);
  Event event{.account = rank, .kind = Kind::deposit};
  event.cents = every_fortnight ? customer.monthly_income() * 12 / 26 : customer.monthly_income();
  event.location = random.percent(85) ? online_portal() : customer.home_branch();
  event.status = ordinary_status(Kind::deposit, random);
  return event;
}

}  // namespace bank::generator

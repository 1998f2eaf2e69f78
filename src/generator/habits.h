// What customers do on an ordinary day.
//
// Whoever draws from a Random must do so once in an expression: C++ leaves the order in which arguments are evaluated
// to the compiler.
#pragma once

#include <cstdint>

#include "generator/event.h"
#include "generator/population.h"
#include "generator/random.h"

namespace bank::generator {

/// An ordinary transaction of the account.
[[nodiscard]] Event ordinary_event(const Population& population, std::uint64_t rank, Random& random);

/// Its salary, or pension.
[[nodiscard]] Event salary_event(const Population& population, std::uint64_t rank, bool every_fortnight,
                                 Random& random);

/// An ordinary purchase of the customer at that merchant, in that city.
[[nodiscard]] Event purchase(const Customer& customer, MerchantId merchant, std::size_t city, Random& random);

/// How an ordinary transaction ends. Over all of them: 85 % completed, 10 % pending, 5 % failed.
[[nodiscard]] model::Status ordinary_status(Kind kind, Random& random);

[[nodiscard]] LocationId by_app_or_browser(const Customer& customer, Random& random);
[[nodiscard]] LocationId some_atm(std::size_t city, Random& random);
[[nodiscard]] std::size_t another_city(std::size_t city, Random& random);

/// Cents of an ordinary withdrawal, deposit and transfer.
[[nodiscard]] std::int64_t withdrawal_cents(const Customer& customer, Random& random);
[[nodiscard]] std::int64_t deposit_cents(const Customer& customer, Random& random);
[[nodiscard]] std::int64_t transfer_cents(const Customer& customer, Random& random);

}  // namespace bank::generator

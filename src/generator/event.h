// A transaction before it has a number and a text.
#pragma once

#include <cstdint>

#include "generator/scenario.h"
#include "model/transaction.h"

namespace bank::generator {

enum class Kind : std::uint8_t { deposit, withdrawal, transfer, payment };

using LocationId = std::uint8_t;  ///< Into the catalog.
using MerchantId = std::uint8_t;  ///< Into the catalog.
inline constexpr MerchantId no_merchant = 255;

struct Event {
  std::int64_t time_us = 0;
  std::uint64_t account = 0;  ///< By rank (population.h).
  std::int64_t cents = 0;
  std::uint64_t case_number = 0;  ///< Of the fraud case that it is part of; 0 for none.
  Kind kind = Kind::payment;
  LocationId location = 0;
  MerchantId merchant = no_merchant;
  model::Status status = model::Status::completed;
  Scenario scenario = Scenario::none;
  bool opens_case = false;  ///< The first of its fraud case.
};

}  // namespace bank::generator

#include "generator/block_writer.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/hash.h"
#include "generator/calendar.h"
#include "generator/catalog.h"

namespace bank::generator {
namespace {

constexpr std::size_t account_bytes = 14;    // ACC-0000000001
constexpr std::size_t timestamp_bytes = 19;  // YYYY-MM-DD HH:MM:SS
constexpr std::size_t id_head_bytes = 13;    // TXN-YYYYMMDD-
constexpr std::size_t most_digits = 20;
constexpr std::size_t most_bytes = account_bytes + timestamp_bytes + id_head_bytes + most_digits;
constexpr std::int64_t units_per_cent = model::Amount::units_per_one / 100;

constexpr std::array<std::string_view, 4> kind_names{"DEPOSIT", "WITHDRAWAL", "TRANSFER", "PAYMENT"};

constexpr auto digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (std::size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

// `digits`: even.
void put_digits(char* out, std::uint64_t value, std::size_t digits) {
  for (char* p = out + digits; p != out; value /= 100) {
    p -= 2;
    std::memcpy(p, &digit_pairs[2 * (value % 100)], 2);
  }
}

// At least eight digits.
std::size_t running_digits(std::uint64_t number) {
  std::size_t digits = 8;
  for (std::uint64_t limit = 100'000'000; number >= limit; limit *= 10) {
    ++digits;
    if (limit > std::numeric_limits<std::uint64_t>::max() / 10) break;
  }
  return digits;
}

std::size_t put_running_number(char* out, std::uint64_t number) {
  const std::size_t digits = running_digits(number);
  const std::size_t odd = digits % 2;
  put_digits(out + odd, number, digits - odd);
  if (odd != 0) {
    for (std::size_t i = 1; i < digits; ++i) number /= 10;
    out[0] = static_cast<char>('0' + number);
  }
  return digits;
}

}  // namespace

BlockWriter::BlockWriter(const World& world, const Slice& slice, Block& block)
    : world_(world),
      block_(block),
      number_(slice.first_number),
      end_number_(slice.first_number + slice.events),
      second_(std::numeric_limits<std::int64_t>::min()),
      day_(std::numeric_limits<std::int64_t>::min()) {
  block_.transactions_.clear();
  block_.transactions_.reserve(slice.events);
  block_.labels_.clear();
  if (block_.text_.size() < slice.events * most_bytes) block_.text_.resize(slice.events * most_bytes);
  text_ = block_.text_.data();
}

char* BlockWriter::claim(std::size_t bytes) {
  char* const claimed = text_;
  text_ += bytes;
  return claimed;
}

void BlockWriter::turn_to_second(std::int64_t second) {
  constexpr std::int64_t seconds_per_day = day_us / second_us;
  second_ = second;
  const std::int64_t day = floor_divide(second, seconds_per_day);
  if (day != day_) {
    day_ = day;
    const Date date = date_of(day);
    put_digits(date_.data(), static_cast<std::uint64_t>(date.year), 4);
    put_digits(date_.data() + 4, date.month, 2);
    put_digits(date_.data() + 6, date.day, 2);
  }
  const auto of_day = static_cast<std::uint64_t>(second - day * seconds_per_day);
  char* const text = claim(timestamp_bytes);
  std::memcpy(text, date_.data(), 4);
  std::memcpy(text + 5, date_.data() + 4, 2);
  std::memcpy(text + 8, date_.data() + 6, 2);
  text[4] = text[7] = '-';
  text[10] = ' ';
  text[13] = text[16] = ':';
  put_digits(text + 11, of_day / 3600, 2);
  put_digits(text + 14, of_day / 60 % 60, 2);
  put_digits(text + 17, of_day % 60, 2);
  timestamp_ = {text, timestamp_bytes};
}

void BlockWriter::add(const Event& event) {
  if (number_ == end_number_) return;
  const std::int64_t time_us = world_.options.per_second ? world_.even_time_us(number_) : event.time_us;
  const std::int64_t second = floor_divide(time_us, second_us);
  if (second != second_) turn_to_second(second);

  char* const id = claim(id_head_bytes + running_digits(number_));
  std::memcpy(id, "TXN-", 4);
  std::memcpy(id + 4, date_.data(), date_.size());
  id[12] = '-';
  const std::size_t id_bytes = id_head_bytes + put_running_number(id + id_head_bytes, number_);

  char* const account = claim(account_bytes);
  std::memcpy(account, "ACC-", 4);
  put_digits(account + 4, world_.population.account_number(event.account), account_bytes - 4);

  if (event.scenario != Scenario::none) {
    block_.labels_.push_back({block_.transactions_.size(), event.scenario, event.case_number, event.opens_case});
  }
  model::Transaction& made = block_.transactions_.emplace_back();
  made.transaction_id = {id, id_bytes};
  made.account_number = {account, account_bytes};
  made.account_hash = hash64(made.account_number);
  made.transaction_type = kind_names[static_cast<std::size_t>(event.kind)];
  made.amount = model::Amount::from_units(event.cents * units_per_cent);
  made.timestamp = timestamp_;
  made.time = model::EventTime::from_us(second * second_us);
  made.location = location_name(event.location);
  if (event.merchant != no_merchant) made.merchant = merchant_name(event.merchant);
  made.status = event.status;
  ++number_;
}

}  // namespace bank::generator

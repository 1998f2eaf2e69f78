// Gives events their numbers and texts.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "generator/generator.h"
#include "generator/planner.h"

namespace bank::generator {

/// Writes one slice's transactions into a block, at most as many as the slice has.
class BlockWriter {
 public:
  BlockWriter(const World& world, const Slice& slice, Block& block);
  void add(const Event& event);

 private:
  void turn_to_second(std::int64_t second);
  char* claim(std::size_t bytes);

  const World& world_;
  Block& block_;
  std::uint64_t number_;
  std::uint64_t end_number_;
  char* text_;
  std::int64_t second_;
  std::int64_t day_;
  std::array<char, 8> date_{};  // YYYYMMDD
  std::string_view timestamp_;  // Of second_, in the block's text.
};

}  // namespace bank::generator

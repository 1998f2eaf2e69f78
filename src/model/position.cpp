#include "model/position.h"

#include <charconv>

namespace bank::model {

void append_position(std::string& out, const Position& position) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, position.number).ptr;
  out += position.origin;
  out.append(digits, end);
}

}  // namespace bank::model

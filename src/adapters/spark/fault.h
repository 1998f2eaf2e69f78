// What goes wrong at the border to the JVM: each kind is an exception of its own there.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace bank::spark {

struct Fault {
  enum class Kind : std::uint8_t {
    rules,    ///< RulesException: the user's rules, options or CSV header.
    state,    ///< StateException: a chunk or snapshot that is damaged or foreign.
    border,   ///< BorderException: a call that no right program makes.
    machine,  ///< NativeException: input or memory.
  };
  Kind kind = Kind::machine;
  std::string message;
};

template <typename T = void>
using Try = std::expected<T, Fault>;

[[nodiscard]] inline std::unexpected<Fault> fault(Fault::Kind kind, std::string message) {
  return std::unexpected(Fault{kind, std::move(message)});
}
[[nodiscard]] inline std::unexpected<Fault> bad_state(std::string message) {
  return fault(Fault::Kind::state, std::move(message));
}
[[nodiscard]] inline std::unexpected<Fault> bad_border(std::string message) {
  return fault(Fault::Kind::border, std::move(message));
}

}  // namespace bank::spark

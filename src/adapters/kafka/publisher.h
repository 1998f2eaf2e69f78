// Sends a few records now and then, of which the latest counts: figures for whoever watches.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "adapters/kafka/connection.h"
#include "base/result.h"

namespace bank::kafka {

/// Sends in the background, idempotently. What a broker does not take within half a minute is given up: by then there
/// are newer figures. Not thread-safe.
class Publisher {
 public:
  /// Errors: those of Client::make; the topic is missing or can't be looked up (runtime).
  [[nodiscard]] static Result<std::unique_ptr<Publisher>> open(const Connection& connection, std::string topic);
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Does not wait. Errors (runtime): the record is too large, or the producer can't go on at all.
  [[nodiscard]] Result<void> send(std::string_view key, std::string_view value);
  /// Waits until everything is delivered. Errors (runtime): since open() or the last flush(), something was not, or it
  /// isn't yet after ten seconds.
  [[nodiscard]] Result<void> flush();

  /// While no broker can be reached: that, in words. Else empty.
  [[nodiscard]] std::string trouble();

 private:
  class Impl;
  explicit Publisher(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace bank::kafka

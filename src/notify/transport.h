// One HTTP POST, and what came of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "notify/message.h"

namespace bank::notify {

struct Outcome {
  enum class What : std::uint8_t {
    delivered,
    later,    ///< It may work later: the receiver is not to be reached, busy, or broken.
    refused,  ///< It won't: the receiver does not take this message.
  };
  What what = What::later;
  std::string text;                 ///< `HTTP 429: slow down`; UTF-8, without control characters or secrets.
  std::int64_t retry_after_us = 0;  ///< As the receiver asks for; 0: it does not.
};

/// One receiver's connection. One caller at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Gives up when `stop` is raised.
  [[nodiscard]] virtual Outcome post(const Target& target, const Message& message, const std::atomic<bool>& stop) = 0;
};

/// Over HTTP/1.1 or 2, TLS 1.2 or newer with the receiver's certificate verified, by the proxy of the environment
/// (`https_proxy`) where the receiver is on another machine. Redirections are not followed.
[[nodiscard]] std::unique_ptr<Transport> http_transport();

}  // namespace bank::notify

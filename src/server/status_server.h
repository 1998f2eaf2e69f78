// Answers GET requests over HTTP/1.1: metrics and health, for programs on the same machine or network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bank::server {

struct Answer {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// The answer for a path (`/metrics`, without what stands behind a `?`). Called by the server's thread, for one request
/// at a time; while it works nobody else is answered.
using Handler = std::function<Answer(std::string_view path)>;

struct StatusServerOptions {
  std::string address = "127.0.0.1";  ///< To listen on: an IP address.
  std::uint16_t port = 0;             ///< 0: a free one.
  std::size_t connections_max = 64;   ///< More wait until one of these ends.
  std::size_t header_bytes_max = 8192;
  /// For a request to come whole and its answer to go, and for the pause before the next on the same connection; then
  /// the connection is closed.
  std::int64_t timeout_ms = 5000;
};

class HttpServer;

/// Serves, on a thread of its own, until it is destroyed. Only GET and HEAD, and no request with a body.
class StatusServer {
 public:
  /// Errors (config): the address is none, or the port can't be had.
  [[nodiscard]] static Result<std::unique_ptr<StatusServer>> start(StatusServerOptions options, Handler handler);
  /// Closes what is open, answered or not.
  ~StatusServer();
  StatusServer(const StatusServer&) = delete;
  StatusServer& operator=(const StatusServer&) = delete;

  /// The port that it listens on.
  [[nodiscard]] std::uint16_t port() const;

 private:
  explicit StatusServer(std::unique_ptr<HttpServer> server);

  std::unique_ptr<HttpServer> server_;
};

}  // namespace bank::server

// HTTP/1.1 with or without TLS, for a handler that knows nothing of sockets.
//
// Everything a client can make big or slow is bounded: headers, bodies, the time for each, the number of connections,
// and what waits for a client that does not read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace bank::server {

struct Request {
  std::string method;  ///< `GET` …
  std::string path;    ///< Up to the `?`, as it came: segments are percent-encoded.
  std::string query;   ///< Behind the `?`.
  std::vector<std::pair<std::string, std::string>> headers;  ///< Names in small letters.
  std::string body;
  std::string remote;   ///< The client's address, without its port.
  bool secure = false;  ///< Came over TLS.

  /// Empty where there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Events for one client, which stay in memory until it reads them: the feed's owner bounds that. Called on the
/// server's thread, but for `wake`.
class EventFeed {
 public:
  virtual ~EventFeed() = default;
  /// What is to be sent next, in order; empty: nothing now.
  [[nodiscard]] virtual std::vector<std::shared_ptr<const std::string>> take() = 0;
  /// There is no more to come: the connection is to be closed.
  [[nodiscard]] virtual bool ended() const = 0;
  /// `wake` may be called from any thread, and is to be whenever take() has something again, or it has ended. Empty:
  /// no more.
  virtual void on_more(std::function<void()> wake) = 0;
};

struct Response {
  unsigned status = 200;
  std::string content_type = "application/json";
  std::string body;
  /// A body that lives as long as the program, in place of `body`.
  std::optional<std::string_view> fixed_body;
  std::vector<std::pair<std::string, std::string>> headers;
  std::shared_ptr<EventFeed> feed;  ///< Sent as they come, behind the header, until the client goes.
  bool close = false;               ///< The connection ends with it.
};

/// To be called once, from any thread. What is never called leaves a client waiting.
using Reply = std::function<void(Response)>;
/// Called on the server's thread: what takes time is handed to another one.
using RequestHandler = std::function<void(Request&& request, Reply reply)>;

struct HttpOptions {
  std::string address = "127.0.0.1";  ///< To listen on: an IP address.
  std::uint16_t port = 0;             ///< 0: a free one.
  std::string certificate_file;       ///< PEM, the chain; empty: no TLS.
  std::string key_file;               ///< PEM.
  std::size_t connections_max = 1024;
  std::size_t header_bytes_max = 16 << 10;
  std::size_t body_bytes_max = 8 << 20;
  std::int64_t header_timeout_ms = 10'000;  ///< For a request's header to come whole; also the pause between two.
  std::int64_t body_timeout_ms = 30'000;
  std::int64_t write_timeout_ms = 30'000;  ///< For an answer, or some events, to go.
  std::int64_t keep_alive_ms = 15'000;     ///< Events: a comment when nothing else was sent for so long.
};

/// Percent-decoded; nullopt where that makes no UTF-8.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space = false);
/// The parameters of a query, decoded; nullopt where one can't be, or stands there twice.
[[nodiscard]] std::optional<std::map<std::string, std::string>> query_parameters(std::string_view query);

/// Serves, on a thread of its own, until it is destroyed.
class HttpServer {
 public:
  /// Errors (config): the address is none, the port can't be had, a certificate or key is none.
  [[nodiscard]] static Result<std::unique_ptr<HttpServer>> start(HttpOptions options, RequestHandler handler);
  /// Closes what is open, answered or not.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Ends its thread; nothing is answered from then on. What still holds a Reply must be gone before the server is.
  void stop();

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::size_t connections() const;

 private:
  class Listener;
  explicit HttpServer(std::shared_ptr<Listener> listener);
  std::shared_ptr<Listener> listener_;
};

}  // namespace bank::server

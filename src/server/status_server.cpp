#include "server/status_server.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

namespace bank::server {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using tcp = net::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};
/// How long, and for how many bytes, a client that was refused is still listened to: closing at once would have the
/// system throw the answer away with what the client is still sending.
constexpr std::chrono::milliseconds linger{1000};
constexpr std::size_t linger_bytes_max = 1 << 20;

/// What to say to a request that can't be read; 0: nothing, as nobody is there to hear it.
unsigned refusal(const error_code& code) {
  if (code.category() != http::make_error_code(http::error::bad_method).category()) return 0;
  if (code == http::error::end_of_stream || code == http::error::partial_message) return 0;
  if (code == http::error::header_limit || code == http::error::buffer_overflow) return 431;
  if (code == http::error::body_limit) return 413;
  return 400;
}

}  // namespace

class StatusServer::Listener {
 public:
  Listener(StatusServerOptions options, Handler handler)
      : options_(std::move(options)), handler_(std::move(handler)), acceptor_(io_), pause_(io_) {}
  ~Listener() {
    closing_ = true;
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Result<void> listen();
  void run() {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const StatusServerOptions& options() const { return options_; }
  [[nodiscard]] const Handler& handler() const { return handler_; }

  void connection_begun() { ++connections_; }
  void connection_ended() {
    --connections_;
    if (!closing_ && !accepting_) accept();
  }

 private:
  class Connection;

  void accept();
  void on_accept(const error_code& code, tcp::socket socket);

  const StatusServerOptions options_;
  const Handler handler_;
  // Read by connections as they are destroyed, so they outlive io_, which holds the last of those.
  std::size_t connections_ = 0;
  bool accepting_ = false;
  std::atomic<bool> closing_ = false;
  std::uint16_t port_ = 0;
  net::io_context io_{1};
  tcp::acceptor acceptor_;
  net::steady_timer pause_;
  std::thread thread_;
};

/// One connection; the handlers of its pending operation own it.
class StatusServer::Listener::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Listener& listener, tcp::socket socket)
      : listener_(listener), stream_(std::move(socket)), buffer_(listener.options().header_bytes_max) {
    listener_.connection_begun();
  }
  ~Connection() { listener_.connection_ended(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read();

 private:
  void on_read(const error_code& code);
  void answer(Answer answer, bool keep);
  void on_written(const error_code& code, bool keep);
  void drain();

  Listener& listener_;
  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  http::response<http::string_body> response_;
  std::size_t drained_ = 0;
};

// ---- the listener

Result<void> StatusServer::Listener::listen() {
  error_code code;
  const net::ip::address address = net::ip::make_address(options_.address, code);
  if (code) return fail_config(fmt::format("cannot listen on '{}': it is no IP address", options_.address));
  const tcp::endpoint endpoint(address, options_.port);
  static_cast<void>(acceptor_.open(endpoint.protocol(), code));
  // Connections that have ended, and that the system still remembers, must not keep a restart from its port.
  if (!code) static_cast<void>(acceptor_.set_option(tcp::acceptor::reuse_address(true), code));
  if (!code) static_cast<void>(acceptor_.bind(endpoint, code));
  if (!code) static_cast<void>(acceptor_.listen(net::socket_base::max_listen_connections, code));
  if (code) {
    return fail_config(fmt::format("cannot listen on {}:{}: {}{}", options_.address, options_.port, code.message(),
                                   code == net::error::address_in_use ? "; choose a port that nobody has" : ""));
  }
  port_ = acceptor_.local_endpoint(code).port();
  return {};
}

void StatusServer::Listener::accept() {
  accepting_ = connections_ < options_.connections_max;
  if (!accepting_) return;  // connection_ended() goes on
  acceptor_.async_accept([this](const error_code& code, tcp::socket socket) { on_accept(code, std::move(socket)); });
}

void StatusServer::Listener::on_accept(const error_code& code, tcp::socket socket) {
  if (code == net::error::operation_aborted) return;
  if (!code) {
    std::make_shared<Connection>(*this, std::move(socket))->read();
    accept();
    return;
  }
  // Out of file descriptors, perhaps: the next try would fail as fast.
  pause_.expires_after(accept_pause);
  pause_.async_wait([this](const error_code& stopped) {
    if (!stopped) accept();
  });
}

// ---- a connection

void StatusServer::Listener::Connection::read() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(listener_.options().header_bytes_max));
  stream_.expires_after(std::chrono::milliseconds(listener_.options().timeout_ms));
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](const error_code& code, std::size_t /*bytes*/) { self->on_read(code); });
}

void StatusServer::Listener::Connection::on_read(const error_code& code) {
  if (code) {
    const unsigned status = refusal(code);
    if (status != 0) answer({.status = status, .body = fmt::format("{}\n", code.message())}, false);
    return;
  }
  const auto& request = parser_->get();
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    answer({.status = 405, .body = "only GET and HEAD are answered here\n"}, false);
    return;
  }
  if (parser_->chunked() || parser_->content_length().value_or(0) > 0) {
    answer({.status = 400, .body = "a request with a body is not answered here\n"}, false);
    return;
  }
  const std::string_view target(request.target().data(), request.target().size());
  answer(listener_.handler()(target.substr(0, target.find('?'))), request.keep_alive());
}

void StatusServer::Listener::Connection::answer(Answer answer, bool keep) {
  response_ = {};
  response_.version(11);
  response_.result(answer.status);
  response_.set(http::field::content_type, answer.content_type);
  response_.set(http::field::cache_control, "no-store");
  if (answer.status == 405) response_.set(http::field::allow, "GET, HEAD");
  response_.keep_alive(keep);
  response_.content_length(answer.body.size());
  if (parser_->get().method() != http::verb::head) response_.body() = std::move(answer.body);
  http::async_write(stream_, response_,
                    [self = shared_from_this(), keep](const error_code& code, std::size_t /*bytes*/) {
                      self->on_written(code, keep);
                    });
}

void StatusServer::Listener::Connection::on_written(const error_code& code, bool keep) {
  if (code) return;
  if (keep) {
    read();
    return;
  }
  error_code ignored;
  static_cast<void>(stream_.socket().shutdown(tcp::socket::shutdown_send, ignored));
  stream_.expires_after(linger);
  drain();
}

void StatusServer::Listener::Connection::drain() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(buffer_.max_size()),
                          [self = shared_from_this()](const error_code& code, std::size_t bytes) {
                            self->drained_ += bytes;
                            if (!code && self->drained_ < linger_bytes_max) self->drain();
                          });
}

// ---- the server

Result<std::unique_ptr<StatusServer>> StatusServer::start(StatusServerOptions options, Handler handler) {
  auto listener = std::make_unique<Listener>(std::move(options), std::move(handler));
  if (Result<void> done = listener->listen(); !done) return std::unexpected(done.error());
  listener->run();
  return std::unique_ptr<StatusServer>(new StatusServer(std::move(listener)));
}

StatusServer::StatusServer(std::unique_ptr<Listener> listener) : listener_(std::move(listener)) {}
StatusServer::~StatusServer() = default;

std::uint16_t StatusServer::port() const { return listener_->port(); }

}  // namespace bank::server

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "server/http.h"
#include "server/http_connection.h"

namespace bank::server {
namespace {

constexpr milliseconds accept_pause{100};

}  // namespace

class HttpServer::Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(HttpOptions options, RequestHandler handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        tls_(net::ssl::context::tls_server),
        acceptor_(io_),
        pause_(io_) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  Result<void> load_certificate();
  Result<void> listen();
  void run() {
    accept();
    thread_ = std::thread([this] { io_.run(); });
  }
  void stop() {
    closing_ = true;
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const HttpOptions& options() const { return options_; }
  [[nodiscard]] std::size_t connections() const { return connections_; }
  void handle(Request&& request, Reply reply) { handler_(std::move(request), std::move(reply)); }
  [[nodiscard]] net::io_context& io() { return io_; }
  [[nodiscard]] bool closing() const { return closing_; }

  void connection_begun() { ++connections_; }
  // From any thread: the last to hold a connection may be who has answered its request.
  void connection_ended() {
    --connections_;
    if (closing_) return;
    net::post(io_, [this] {
      if (!closing_ && !accepting_) accept();
    });
  }

 private:
  void accept();
  void on_accept(const error_code& code, tcp::socket socket);

  const HttpOptions options_;
  const RequestHandler handler_;
  // Read by connections as they are destroyed, so they outlive io_, which holds the last of those.
  std::atomic<std::size_t> connections_ = 0;
  std::atomic<bool> closing_ = false;
  std::uint16_t port_ = 0;
  net::ssl::context tls_;
  net::io_context io_{1};
  // Its thread goes on where nothing is under way: at the limit, while every request is with somebody else.
  const net::executor_work_guard<net::io_context::executor_type> work_{io_.get_executor()};
  bool accepting_ = false;  // of io_'s thread
  tcp::acceptor acceptor_;
  net::steady_timer pause_;
  std::thread thread_;
};

// ---- the listener

Result<void> HttpServer::Listener::load_certificate() {
  if (options_.certificate_file.empty()) return {};
  error_code code;
  static_cast<void>(tls_.set_options(
      net::ssl::context::default_workarounds | net::ssl::context::no_tlsv1 | net::ssl::context::no_tlsv1_1, code));
  static_cast<void>(tls_.use_certificate_chain_file(options_.certificate_file, code));
  if (code) {
    return fail_config(fmt::format("cannot use the certificate {}: {}; it must be PEM, the server's own first",
                                   options_.certificate_file, code.message()));
  }
  static_cast<void>(tls_.use_private_key_file(options_.key_file, net::ssl::context::pem, code));
  if (code) {
    return fail_config(fmt::format("cannot use the key {}: {}; it must be PEM, without a password, and belong to {}",
                                   options_.key_file, code.message(), options_.certificate_file));
  }
  return {};
}

Result<void> HttpServer::Listener::listen() {
  if (Result<void> loaded = load_certificate(); !loaded) return loaded;
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

void HttpServer::Listener::accept() {
  accepting_ = connections_ < options_.connections_max;
  if (!accepting_) return;  // connection_ended() goes on
  acceptor_.async_accept([this](const error_code& code, tcp::socket socket) { on_accept(code, std::move(socket)); });
}

void HttpServer::Listener::on_accept(const error_code& code, tcp::socket socket) {
  if (code == net::error::operation_aborted) return;
  if (!code) {
    error_code gone;
    const tcp::endpoint peer = socket.remote_endpoint(gone);
    static_cast<void>(socket.set_option(tcp::no_delay(true), gone));
    std::string remote = gone ? std::string() : peer.address().to_string();
    if (options_.certificate_file.empty()) {
      using Plain = Connection<beast::tcp_stream, Listener>;
      std::make_shared<Plain>(*this, std::move(remote), std::move(socket))->start();
    } else {
      using Secure = Connection<beast::ssl_stream<beast::tcp_stream>, Listener>;
      std::make_shared<Secure>(*this, std::move(remote), beast::tcp_stream(std::move(socket)), tls_)->start();
    }
    accept();
    return;
  }
  // Out of file descriptors, perhaps: the next try would fail as fast.
  pause_.expires_after(accept_pause);
  pause_.async_wait([this](const error_code& stopped) {
    if (!stopped) accept();
  });
}

// ---- the server

Result<std::unique_ptr<HttpServer>> HttpServer::start(HttpOptions options, RequestHandler handler) {
  auto listener = std::make_shared<Listener>(std::move(options), std::move(handler));
  if (Result<void> done = listener->listen(); !done) return std::unexpected(done.error());
  listener->run();
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(listener)));
}

HttpServer::HttpServer(std::shared_ptr<Listener> listener) : listener_(std::move(listener)) {}
HttpServer::~HttpServer() { listener_->stop(); }
void HttpServer::stop() { listener_->stop(); }

std::uint16_t HttpServer::port() const { return listener_->port(); }
std::size_t HttpServer::connections() const { return listener_->connections(); }

}  // namespace bank::server

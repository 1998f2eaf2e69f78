// One connection of the HTTP server: requests one after another, or events until it ends. Private to this room's
// http_server.cpp.
#pragma once

#include <fmt/format.h>

#include <cctype>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include "server/http.h"

namespace bank::server {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
using tcp = net::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

/// How long, and for how many bytes, a client that was refused is still listened to: closing at once would have the
/// system throw the answer away with what the client is still sending.
inline constexpr std::chrono::milliseconds linger{1000};
inline constexpr std::size_t linger_bytes_max = 1 << 20;
inline constexpr std::string_view keep_alive_comment = ": still here\n\n";

/// What to say to a request that can't be read; 0: nothing, as nobody is there to hear it.
inline unsigned refusal(const error_code& code) {
  if (code.category() != http::make_error_code(http::error::bad_method).category()) return 0;
  if (code == http::error::end_of_stream || code == http::error::partial_message) return 0;
  if (code == http::error::header_limit || code == http::error::buffer_overflow) return 431;
  if (code == http::error::body_limit) return 413;
  return 400;
}

inline Response refused(unsigned status) {
  std::string_view code = "bad_request";
  std::string_view message = "this is no HTTP request as it should be";
  if (status == 413) {
    code = "too_large";
    message = "the body is too large";
  } else if (status == 431) {
    code = "headers_too_large";
    message = "the headers are too large";
  }
  return {.status = status,
          .body = fmt::format(R"({{"error": {{"code": "{}", "message": "{}"}}}})", code, message),
          .fixed_body = {},
          .headers = {},
          .feed = nullptr,
          .close = true};
}

inline std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

/// One connection; the handlers of its pending operation own it.
template <typename Stream, typename Owner>
class Connection : public std::enable_shared_from_this<Connection<Stream, Owner>> {
 public:
  template <typename... Arguments>
  Connection(Owner& owner, std::string remote, Arguments&&... arguments)
      : owner_(owner),
        stream_(std::forward<Arguments>(arguments)...),
        buffer_(owner.options().header_bytes_max),
        pulse_(owner.io()),
        remote_(std::move(remote)) {
    owner_.connection_begun();
  }
  ~Connection() {
    if (feed_ != nullptr) feed_->on_more({});
    owner_.connection_ended();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    if constexpr (secure) {
      expire(owner_.options().header_timeout_ms);
      stream_.async_handshake(net::ssl::stream_base::server, [self = this->shared_from_this()](const error_code& code) {
        if (!code) self->read();
      });
    } else {
      read();
    }
  }

 private:
  static constexpr bool secure = !std::is_same_v<Stream, beast::tcp_stream>;

  void expire(std::int64_t ms) { beast::get_lowest_layer(stream_).expires_after(milliseconds(ms)); }

  void read() {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(owner_.options().header_bytes_max));
    parser_->body_limit(owner_.options().body_bytes_max);
    expire(owner_.options().header_timeout_ms);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = this->shared_from_this()](const error_code& code, std::size_t /*bytes*/) { self->on_header(code); });
  }

  void on_header(const error_code& code) {
    if (code) {
      refuse(code);
      return;
    }
    expire(owner_.options().body_timeout_ms);
    if (view(parser_->get()[http::field::expect]) == "100-continue") {
      static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
      net::async_write(stream_, net::buffer(go_on.data(), go_on.size()),
                       [self = this->shared_from_this()](const error_code& failed, std::size_t /*bytes*/) {
                         if (!failed) self->read_body();
                       });
      return;
    }
    read_body();
  }

  void read_body() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](const error_code& code, std::size_t /*bytes*/) {
                       if (code) {
                         self->refuse(code);
                       } else {
                         self->ask();
                       }
                     });
  }

  void refuse(const error_code& code) {
    const unsigned status = refusal(code);
    head_ = false;
    if (status != 0) answer(refused(status), false);
  }

  void ask() {
    auto message = parser_->release();
    Request request;
    request.method = view(message.method_string());
    const std::string_view target = view(message.target());
    const std::size_t mark = std::min(target.find('?'), target.size());
    request.path = target.substr(0, mark);
    request.query = target.substr(std::min(mark + 1, target.size()));
    for (const auto& field : message) {
      std::string name(view(field.name_string()));
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      request.headers.emplace_back(std::move(name), view(field.value()));
    }
    request.body = std::move(message.body());
    request.remote = remote_;
    request.secure = secure;
    head_ = message.method() == http::verb::head;
    const bool keep = message.keep_alive();
    // The clock stands still while the answer is being made.
    beast::get_lowest_layer(stream_).expires_never();
    owner_.handle(std::move(request), [self = this->shared_from_this(), keep](Response response) {
      Owner& owner = self->owner_;
      net::post(owner.io(),
                [self, keep, made = std::move(response)]() mutable { self->answer(std::move(made), keep); });
    });
  }

  void answer(Response response, bool keep) {
    if (owner_.closing()) return;
    feed_ = std::move(response.feed);
    expire(owner_.options().write_timeout_ms);
    header_ = {};
    header_.version(11);
    header_.result(response.status);
    header_.set(http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) header_.insert(name, value);
    body_ = std::move(response.body);
    fixed_ = response.fixed_body.value_or(body_);
    keep = keep && feed_ == nullptr && !response.close;
    header_.keep_alive(keep);
    if (feed_ == nullptr && response.status != 204) header_.content_length(fixed_.size());
    serializer_.emplace(header_);
    http::async_write_header(stream_, *serializer_,
                             [self = this->shared_from_this(), keep](const error_code& code, std::size_t /*bytes*/) {
                               if (!code) self->write_body(keep);
                             });
  }

  void write_body(bool keep) {
    if (feed_ != nullptr) {
      begin_feed();
      return;
    }
    if (head_ || fixed_.empty()) {
      on_written(keep);
      return;
    }
    net::async_write(stream_, net::buffer(fixed_.data(), fixed_.size()),
                     [self = this->shared_from_this(), keep](const error_code& code, std::size_t /*bytes*/) {
                       if (!code) self->on_written(keep);
                     });
  }

  void on_written(bool keep) {
    if (keep) {
      read();
      return;
    }
    expire(linger.count());
    if constexpr (secure) {
      stream_.async_shutdown([self = this->shared_from_this()](const error_code& /*code*/) {});
    } else {
      error_code ignored;
      static_cast<void>(stream_.socket().shutdown(tcp::socket::shutdown_send, ignored));
      drain();
    }
  }

  void drain() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(buffer_.max_size()),
                            [self = this->shared_from_this()](const error_code& code, std::size_t bytes) {
                              self->drained_ += bytes;
                              if (!code && self->drained_ < linger_bytes_max) self->drain();
                            });
  }

  // ---- events

  void begin_feed() {
    feed_->on_more([weak = this->weak_from_this(), &owner = owner_] {
      net::post(owner.io(), [weak] {
        if (const auto self = weak.lock()) self->send_events();
      });
    });
    send_events();
  }

  void send_events() {
    if (sending_ || feed_ == nullptr) return;
    events_ = feed_->take();
    if (events_.empty() && feed_->ended()) {
      end_feed();
      return;
    }
    if (events_.empty()) {
      beast::get_lowest_layer(stream_).expires_never();
      wait_for_events();
      return;
    }
    buffers_.clear();
    for (const auto& event : events_) buffers_.emplace_back(event->data(), event->size());
    write_events();
  }

  void end_feed() {
    pulse_.cancel();
    feed_->on_more({});
    feed_.reset();
    on_written(false);
  }

  void write_events() {
    sending_ = true;
    pulse_.cancel();
    expire(owner_.options().write_timeout_ms);
    net::async_write(stream_, buffers_,
                     [self = this->shared_from_this()](const error_code& code, std::size_t /*bytes*/) {
                       self->sending_ = false;
                       if (!code) self->send_events();
                     });
  }

  // Only this timer keeps a connection alive that waits.
  void wait_for_events() {
    pulse_.expires_after(milliseconds(owner_.options().keep_alive_ms));
    pulse_.async_wait([self = this->shared_from_this()](const error_code& code) {
      if (self->sending_ || self->owner_.closing()) return;
      if (code || self->feed_ == nullptr) return;
      self->buffers_.assign(1, net::const_buffer(keep_alive_comment.data(), keep_alive_comment.size()));
      self->write_events();
    });
  }

  Owner& owner_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::empty_body> header_;
  std::optional<http::response_serializer<http::empty_body>> serializer_;
  std::string body_;
  std::string_view fixed_;
  bool head_ = false;
  std::size_t drained_ = 0;
  std::shared_ptr<EventFeed> feed_;
  bool sending_ = false;
  std::vector<std::shared_ptr<const std::string>> events_;
  std::vector<net::const_buffer> buffers_;
  net::steady_timer pulse_;
  const std::string remote_;
};

}  // namespace bank::server

// What the servers' tests share: a client that knows bytes alone.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

namespace bank::server {

/// A client's connection, as bytes.
class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // the server may have closed
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// What comes until the server closes, or until it ends with `until`.
  [[nodiscard]] std::string read(std::string_view until = {}) const {
    std::string text;
    std::array<char, 4096> block{};
    while (until.empty() || !text.ends_with(until)) {
      pollfd waiting{.fd = socket_, .events = POLLIN, .revents = 0};
      if (::poll(&waiting, 1, 10'000) != 1) return text + "(nothing for ten seconds)";
      const ssize_t got = ::recv(socket_, block.data(), block.size(), 0);
      if (got <= 0) break;
      text.append(block.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

 private:
  int socket_;
};

}  // namespace bank::server

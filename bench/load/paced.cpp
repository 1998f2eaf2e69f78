// Asks for single decisions at a fixed rate, whatever the answers take, and prints the latencies: from the time at
// which a request was due, so that one slow answer counts for all that it held up.
//
//   paced PORT TOKEN RATE SECONDS CONNECTIONS RUN
//
// Prints one line of JSON. RUN makes the transactions' ids differ from another run's.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Result {
  std::vector<double> ms;
  long failed = 0;
};

int open_connection(int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int yes = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::exit(1);
  return socket;
}

// Whether the answer is 200; reads it whole.
bool read_answer(int socket, std::string& buffer) {
  buffer.clear();
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t got = ::recv(socket, block.data(), block.size(), 0);
    if (got <= 0) std::exit(1);
    buffer.append(block.data(), static_cast<std::size_t>(got));
    const std::size_t end = buffer.find("\r\n\r\n");
    const std::size_t length = buffer.find("Content-Length: ");
    if (end == std::string::npos || length == std::string::npos) continue;
    if (buffer.size() >= end + 4 + std::strtoul(buffer.c_str() + length + 16, nullptr, 10)) break;
  }
  return buffer.starts_with("HTTP/1.1 200");
}

void run(int port, const std::string& token, double rate, long connections, long index, double seconds,
         const std::string& name, Result& result) {
  const int socket = open_connection(port);
  const Clock::time_point begun = Clock::now();
  std::string buffer;
  for (long n = 0;; ++n) {
    const double due_s = static_cast<double>(n * connections + index) / rate;
    if (due_s > seconds) break;
    const auto due = begun + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(due_s));
    std::this_thread::sleep_until(due);
    // Accounts in turn, and no time twice on one: few alerts are raised, as in a bank.
    const long number = n * connections + index;
    std::array<char, 512> body{};
    const int size = std::snprintf(
        body.data(), body.size(),
        R"({"transaction_id":"TXN-%s-%09ld","account_number":"ACC-%010ld","transaction_type":"PAYMENT","amount":%ld.50,)"
        R"("timestamp":"2026-03-%02ld %02ld:%02ld:%02ld","merchant":"Walmart"})",
        name.c_str(), number, number * 7919 % 50'000, 5 + number * 31 % 97, 2 + number / 8'640'000,
        number / 360'000 % 24, number / 6'000 % 60, number / 100 % 60);
    std::string request = "POST /api/v1/decisions HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                          "\r\nContent-Type: application/json\r\nAuthorization: Bearer " + token +
                          "\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
    request.append(body.data(), static_cast<std::size_t>(size));
    if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) != std::ssize(request)) std::exit(1);
    if (!read_answer(socket, buffer)) ++result.failed;
    result.ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - due).count());
  }
  ::close(socket);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fputs("paced PORT TOKEN RATE SECONDS CONNECTIONS RUN\n", stderr);
    return 2;
  }
  const double rate = std::atof(argv[3]);
  const double seconds = std::atof(argv[4]);
  const auto connections = static_cast<std::size_t>(std::atoi(argv[5]));
  std::vector<Result> results(connections);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < connections; ++i) {
    threads.emplace_back([&, i] {
      run(std::atoi(argv[1]), argv[2], rate, static_cast<long>(connections), static_cast<long>(i), seconds, argv[6],
          results[i]);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<double> all;
  long failed = 0;
  for (const Result& result : results) {
    all.insert(all.end(), result.ms.begin(), result.ms.end());
    failed += result.failed;
  }
  std::ranges::sort(all);
  const auto quantile = [&](double q) {
    return all[std::min(all.size() - 1, static_cast<std::size_t>(q * static_cast<double>(all.size())))];
  };
  std::printf(
      R"({"requests":%zu,"failed":%ld,"per_s":%.0f,"p50_ms":%.3f,"p90_ms":%.3f,"p99_ms":%.3f,"p999_ms":%.3f,"max_ms":%.3f})"
      "\n",
      all.size(), failed, static_cast<double>(all.size()) / seconds, quantile(0.5), quantile(0.9), quantile(0.99),
      quantile(0.999), all.back());
}

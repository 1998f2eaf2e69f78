#include "server/status_server.h"

#include <gtest/gtest.h>

#include <chrono>

#include "server/test_client.h"

namespace bank::server {
namespace {

using std::chrono::steady_clock;

std::unique_ptr<StatusServer> serve(StatusServerOptions options = {}) {
  Result<std::unique_ptr<StatusServer>> server = StatusServer::start(std::move(options), [](std::string_view path) {
    if (path == "/ready") return Answer{.body = "yes\n"};
    return Answer{.status = 404, .body = "no " + std::string(path) + "\n"};
  });
  EXPECT_TRUE(server.has_value());
  return std::move(*server);
}

std::string ask(const StatusServer& server, std::string_view request) {
  const Client client(server.port());
  client.send(request);
  return client.read();
}

TEST(StatusServer, AnswersWhatTheHandlerSays) {
  const auto server = serve();
  const std::string answer = ask(*server, "GET /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.contains("Content-Type: text/plain; charset=utf-8\r\n")) << answer;
  EXPECT_TRUE(answer.contains("Content-Length: 4\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nyes\n")) << answer;
}

TEST(StatusServer, GivesTheHandlerThePathAlone) {
  const auto server = serve();
  const std::string answer = ask(*server, "GET /nowhere?x=/ready HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 404 Not Found\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("no /nowhere\n")) << answer;
}

TEST(StatusServer, AnswersHeadWithoutABody) {
  const auto server = serve();
  const std::string answer = ask(*server, "HEAD /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.contains("Content-Length: 4\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(StatusServer, AnswersOneRequestAfterAnotherOnAConnection) {
  const auto server = serve();
  const Client client(server->port());
  for (int i = 0; i < 3; ++i) {
    client.send("GET /ready HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(client.read("yes\n").starts_with("HTTP/1.1 200 OK\r\n"));
  }
}

TEST(StatusServer, RefusesOtherMethods) {
  const auto server = serve();
  for (const std::string_view method : {"POST", "DELETE", "BREW"}) {
    const std::string answer =
        ask(*server, std::string(method) + " /ready HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 405 Method Not Allowed\r\n")) << answer;
    EXPECT_TRUE(answer.contains("Allow: GET, HEAD\r\n")) << answer;
  }
}

TEST(StatusServer, RefusesABody) {
  const auto server = serve();
  const std::string head = "GET /ready HTTP/1.1\r\nHost: x\r\n";
  EXPECT_TRUE(ask(*server, head + "Content-Length: 2\r\n\r\nhi").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(*server, head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask(*server, head + "Content-Length: 99999999999\r\n\r\n").starts_with("HTTP/1.1 4"));
}

TEST(StatusServer, RefusesWhatIsNoHttp) {
  const auto server = serve();
  EXPECT_TRUE(ask(*server, "hello\r\n\r\n").starts_with("HTTP/1.1 400 "));
}

TEST(StatusServer, RefusesAnOversizedHeader) {
  const auto server = serve();
  const std::string request = "GET /ready HTTP/1.1\r\nHost: x\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n";
  EXPECT_TRUE(ask(*server, request).starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(ask(*server, "GET /" + std::string(100'000, 'x')).starts_with("HTTP/1.1 431 "));
}

TEST(StatusServer, ClosesOnASlowClientAndGoesOn) {
  const auto server = serve({.timeout_ms = 200});
  const Client slow(server->port());
  const Client silent(server->port());
  slow.send("GET /ready HTT");
  EXPECT_TRUE(ask(*server, "GET /ready HTTP/1.0\r\n\r\n").ends_with("yes\n"));
  EXPECT_EQ(slow.read(), "");
  EXPECT_EQ(silent.read(), "");
}

TEST(StatusServer, LetsMoreConnectionsWaitThanItMayHold) {
  const auto server = serve({.connections_max = 2, .timeout_ms = 300});
  const Client first(server->port());
  const Client second(server->port());
  const auto begun = steady_clock::now();
  EXPECT_TRUE(ask(*server, "GET /ready HTTP/1.0\r\n\r\n").ends_with("yes\n"));
  EXPECT_GE(steady_clock::now() - begun, std::chrono::milliseconds(200)) << "it was held back by the two that idled";
  EXPECT_TRUE(ask(*server, "GET /ready HTTP/1.0\r\n\r\n").ends_with("yes\n"));
}

TEST(StatusServer, SaysThatAPortIsTaken) {
  const auto server = serve();
  EXPECT_GT(server->port(), 0);
  const auto second = StatusServer::start({.port = server->port()}, [](std::string_view) { return Answer{}; });
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().kind, ErrorKind::config);
  EXPECT_EQ(second.error().message, "cannot listen on 127.0.0.1:" + std::to_string(server->port()) +
                                        ": Address already in use; choose a port that nobody has");
}

TEST(StatusServer, SaysThatAnAddressIsNone) {
  const auto server = StatusServer::start({.address = "localhost"}, [](std::string_view) { return Answer{}; });
  ASSERT_FALSE(server.has_value());
  EXPECT_EQ(server.error().message, "cannot listen on 'localhost': it is no IP address");
}

TEST(StatusServer, EndsWithConnectionsOpen) {
  auto server = serve();
  const Client client(server->port());
  client.send("GET /ready HTTP/1.1\r\nHost: x\r\n\r\nGET /re");
  EXPECT_TRUE(client.read("yes\n").ends_with("yes\n"));
  server.reset();
  EXPECT_EQ(client.read(), "");
}

}  // namespace
}  // namespace bank::server

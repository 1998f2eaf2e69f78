#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "server/http.h"
#include "server/test_client.h"
#include "server/workers.h"

namespace bank::server {
namespace {

TEST(HttpServer, AcceptsOnAtItsLimitThoughWhoAnsweredIsTheLastToLetGo) {
  constexpr int clients = 4;
  constexpr int requests = 50;
  Workers workers(2, 1000);
  HttpOptions options;
  options.connections_max = 2;
  auto server = HttpServer::start(options, [&](Request&& /*request*/, const Reply& reply) {
    EXPECT_TRUE(workers.post([reply] {
      Response response;
      response.body = "yes\n";
      response.close = true;
      reply(std::move(response));
      // Long enough for the answer to be sent, and the connection to have ended but for this.
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }));
  });
  ASSERT_TRUE(server) << server.error().message;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    threads.emplace_back([&] {
      for (int request = 0; request < requests; ++request) {
        const Client client((*server)->port());
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        if (client.read().ends_with("yes\n")) ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, clients * requests);
  (*server)->stop();
  workers.stop();
}

}  // namespace
}  // namespace bank::server

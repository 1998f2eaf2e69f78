#include "server/status_server.h"

#include <utility>

#include "server/http.h"

namespace bank::server {
namespace {

/// What nobody may send is not read far.
constexpr std::size_t body_bytes_max = 4096;

Response response_of(Answer answer, bool close) {
  Response response;
  response.status = answer.status;
  response.content_type = std::move(answer.content_type);
  response.body = std::move(answer.body);
  response.headers.emplace_back("Cache-Control", "no-store");
  if (answer.status == 405) response.headers.emplace_back("Allow", "GET, HEAD");
  response.close = close;
  return response;
}

bool announces_body(const Request& request) {
  const std::string_view length = request.header("content-length");
  return !request.header("transfer-encoding").empty() || (!length.empty() && length != "0");
}

Response answer(const Request& request, const Handler& handler) {
  if (request.method != "GET" && request.method != "HEAD") {
    return response_of({.status = 405, .body = "only GET and HEAD are answered here\n"}, true);
  }
  if (announces_body(request)) {
    return response_of({.status = 400, .body = "a request with a body is not answered here\n"}, true);
  }
  return response_of(handler(request.path), false);
}

}  // namespace

Result<std::unique_ptr<StatusServer>> StatusServer::start(StatusServerOptions options, Handler handler) {
  HttpOptions http;
  http.address = std::move(options.address);
  http.port = options.port;
  http.connections_max = options.connections_max;
  http.header_bytes_max = options.header_bytes_max;
  http.body_bytes_max = body_bytes_max;
  http.header_timeout_ms = http.body_timeout_ms = http.write_timeout_ms = options.timeout_ms;
  auto server = HttpServer::start(std::move(http), [handler = std::move(handler)](Request&& request, Reply reply) {
    reply(answer(request, handler));
  });
  if (!server) return std::unexpected(server.error());
  return std::unique_ptr<StatusServer>(new StatusServer(std::move(*server)));
}

StatusServer::StatusServer(std::unique_ptr<HttpServer> server) : server_(std::move(server)) {}
StatusServer::~StatusServer() = default;

std::uint16_t StatusServer::port() const { return server_->port(); }

}  // namespace bank::server

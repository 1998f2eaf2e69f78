#include "cli/spark_kafka.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>

namespace bank::cli {
namespace {

/// Takes properties out by name, until only those are left that need no translation.
class Given {
 public:
  explicit Given(const kafka::Connection& connection) {
    for (const auto& [name, value] : connection.properties) values_[name] = value;  // the last one of a name wins
  }
  std::optional<std::string> take(const std::string& name) {
    const auto found = values_.extract(name);
    if (found.empty()) return std::nullopt;
    return found.mapped();
  }
  [[nodiscard]] const std::map<std::string, std::string>& rest() const { return values_; }

 private:
  std::map<std::string, std::string> values_;
};

Result<std::string> text_of(const std::string& property, const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || file.bad()) return fail_config(fmt::format("{}: cannot read {}", property, path));
  return text.str();
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

Result<void> add_sasl(Given& given, std::vector<kafka::Property>& out) {
  std::optional<std::string> mechanism = given.take("sasl.mechanisms");
  if (!mechanism) mechanism = given.take("sasl.mechanism");
  const auto user = given.take("sasl.username");
  const auto password = given.take("sasl.password");
  if (mechanism) out.emplace_back("sasl.mechanism", *mechanism);
  if (!user && !password) return {};
  if (!user || !password || !mechanism) {
    return fail_config("sasl.mechanism, sasl.username and sasl.password belong together; one of them is missing");
  }
  const bool scram = mechanism->starts_with("SCRAM-");
  if (!scram && *mechanism != "PLAIN") {
    return fail_config(fmt::format("sasl.mechanism {}: a user and password go with PLAIN and SCRAM", *mechanism));
  }
  out.emplace_back(
      "sasl.jaas.config",
      fmt::format("org.apache.kafka.common.security.{} required username={} password={};",
                  scram ? "scram.ScramLoginModule" : "plain.PlainLoginModule", quoted(*user), quoted(*password)));
  return {};
}

Result<void> add_certificates(Given& given, std::vector<kafka::Property>& out) {
  struct Translation {
    const char* location;
    const char* text;
    const char* store;
  };
  constexpr std::array translations = {
      Translation{"ssl.ca.location", "ssl.truststore.certificates", "ssl.truststore.type"},
      Translation{"ssl.certificate.location", "ssl.keystore.certificate.chain", "ssl.keystore.type"},
      Translation{"ssl.key.location", "ssl.keystore.key", "ssl.keystore.type"},
  };
  for (const auto& [location, text, store] : translations) {
    const auto path = given.take(location);
    if (!path) continue;
    Result<std::string> content = text_of(location, *path);
    if (!content) return std::unexpected(content.error());
    out.emplace_back(text, *std::move(content));
    const kafka::Property type(store, "PEM");
    if (std::ranges::find(out, type) == out.end()) out.push_back(type);
  }
  if (const auto verify = given.take("enable.ssl.certificate.verification"); verify && *verify == "false") {
    return fail_config("enable.ssl.certificate.verification=false: Java's clients check certificates always");
  }
  if (const auto algorithm = given.take("ssl.endpoint.identification.algorithm")) {
    out.emplace_back("ssl.endpoint.identification.algorithm", *algorithm == "none" ? "" : *algorithm);
  }
  return {};
}

}  // namespace

Result<std::vector<kafka::Property>> java_properties(const kafka::Connection& connection) {
  Given given(connection);
  std::vector<kafka::Property> out;
  if (auto done = add_sasl(given, out); !done) return std::unexpected(done.error());
  if (auto done = add_certificates(given, out); !done) return std::unexpected(done.error());
  if (const auto codec = given.take("compression.codec")) out.emplace_back("compression.type", *codec);
  for (const auto& [name, value] : given.rest()) {
    if (name != "bootstrap.servers") out.emplace_back(name, value);
  }
  return out;
}

}  // namespace bank::cli

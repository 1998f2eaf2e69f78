#include "adapters/kafka/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace bank::kafka {
namespace {

constexpr std::size_t message_bytes = 512;

struct DestroyConf {
  void operator()(rd_kafka_conf_t* conf) const { rd_kafka_conf_destroy(conf); }
};
using Conf = std::unique_ptr<rd_kafka_conf_t, DestroyConf>;

Result<void> set(rd_kafka_conf_t* conf, const Property& property) {
  std::array<char, message_bytes> message{};
  const auto& [name, value] = property;
  switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), message.data(), message.size())) {
    case RD_KAFKA_CONF_OK: return {};
    case RD_KAFKA_CONF_UNKNOWN:
      return fail_config(
          fmt::format("Kafka property {}: librdkafka {} knows none of that name; its CONFIGURATION.md "
                      "lists them",
                      name, rd_kafka_version_str()));
    default:
      // librdkafka quotes the value, which may be a secret.
      return fail_config(
          fmt::format("Kafka property {}: {}", name, is_secret(name) ? "the value will not do" : message.data()));
  }
}

/// ` (Connection refused)`: a complaint without its address, which is told anyway, and without its history:
/// `127.0.0.1:9092/bootstrap: Connect to ipv4#127.0.0.1:9092 failed: Connection refused (after 0ms in state CONNECT)`.
std::string in_brackets(std::string_view complaint) {
  if (const std::size_t place = complaint.find("/bootstrap: "); place != std::string_view::npos) {
    complaint.remove_prefix(place + std::string_view("/bootstrap: ").size());
  }
  constexpr std::string_view failed = " failed: ";
  if (const std::size_t place = complaint.find(failed);
      complaint.starts_with("Connect to ") && place != std::string_view::npos) {
    complaint.remove_prefix(place + failed.size());
  }
  complaint = complaint.substr(0, complaint.find(" (after "));
  return complaint.empty() ? "" : fmt::format(" ({})", complaint);
}

// What librdkafka would print.
void on_log(const rd_kafka_t* /*client*/, int /*level*/, const char* /*facility*/, const char* /*text*/) {}

}  // namespace

bool is_secret(const std::string& property) {
  constexpr std::array<std::string_view, 5> marks = {"password", "secret", "passphrase", ".pem", "oauthbearer.config"};
  const bool is_public = property == "ssl.certificate.pem" || property == "ssl.ca.pem";
  return !is_public && std::ranges::any_of(marks, [&](std::string_view mark) { return property.contains(mark); });
}

bool is_refusal(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

void Complaints::note(rd_kafka_resp_err_t code, std::string_view text) {
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    unreachable_.store(true, std::memory_order_relaxed);
    return;  // the complaint before it says why
  }
  const std::lock_guard lock(mutex_);
  last_ = text;
  last_code_ = code;
  if (is_refusal(code)) refusal_ = text;
}

std::string Complaints::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

rd_kafka_resp_err_t Complaints::last_code() const {
  const std::lock_guard lock(mutex_);
  return last_code_;
}

std::string Complaints::refusal() const {
  const std::lock_guard lock(mutex_);
  return refusal_;
}

Result<Client> Client::make(rd_kafka_type_t type, const Connection& connection, std::span<const Property> chosen,
                            std::span<const Property> required, const Callbacks& callbacks) {
  for (const Property& property : required) {
    if (std::ranges::find(connection.properties, property.first, &Property::first) != connection.properties.end()) {
      return fail_config(fmt::format("Kafka property {}: bank's guarantees rest on {}, so it can't be set",
                                     property.first, property.second));
    }
  }
  Conf conf(rd_kafka_conf_new());
  std::vector<Property> all = {{"bootstrap.servers", connection.bootstrap_servers},
                               {"client.id", connection.client_id},
                               {"log.connection.close", "false"}};
  all.insert(all.end(), chosen.begin(), chosen.end());
  all.insert(all.end(), connection.properties.begin(), connection.properties.end());
  all.insert(all.end(), required.begin(), required.end());
  for (const Property& property : all) {
    if (Result<void> done = set(conf.get(), property); !done) return std::unexpected(done.error());
  }

  auto context = std::make_unique<Context>();
  context->callbacks = callbacks;
  context->bootstrap_servers = connection.bootstrap_servers;
  context->scram = std::ranges::any_of(all, [](const Property& property) {
    return (property.first == "sasl.mechanism" || property.first == "sasl.mechanisms") &&
           property.second.starts_with("SCRAM");
  });
  rd_kafka_conf_set_opaque(conf.get(), context.get());
  rd_kafka_conf_set_log_cb(conf.get(), on_log);
  rd_kafka_conf_set_error_cb(conf.get(), [](rd_kafka_t*, int code, const char* reason, void* opaque) {
    static_cast<Context*>(opaque)->complaints.note(static_cast<rd_kafka_resp_err_t>(code), reason);
  });
  if (callbacks.consume != nullptr) {
    rd_kafka_conf_set_consume_cb(conf.get(), [](rd_kafka_message_t* message, void* opaque) {
      const Callbacks& own = static_cast<Context*>(opaque)->callbacks;
      own.consume(message, own.opaque);
    });
  }
  if (callbacks.delivered != nullptr) {
    rd_kafka_conf_set_dr_msg_cb(conf.get(), [](rd_kafka_t* client, const rd_kafka_message_t* message, void* opaque) {
      const Callbacks& own = static_cast<Context*>(opaque)->callbacks;
      own.delivered(client, message, own.opaque);
    });
  }
  if (callbacks.rebalance != nullptr) {
    rd_kafka_conf_set_rebalance_cb(conf.get(), [](rd_kafka_t* client, rd_kafka_resp_err_t error,
                                                  rd_kafka_topic_partition_list_t* partitions, void* opaque) {
      const Callbacks& own = static_cast<Context*>(opaque)->callbacks;
      own.rebalance(client, error, partitions, own.opaque);
    });
  }

  std::array<char, message_bytes> message{};
  rd_kafka_t* handle = rd_kafka_new(type, conf.get(), message.data(), message.size());
  if (handle == nullptr) return fail_config(fmt::format("cannot set up the Kafka client: {}", message.data()));
  static_cast<void>(conf.release());  // the client's now
  return Client(std::move(context), handle);
}

Error Client::error(std::string_view doing, std::string_view reason) const {
  if (!context_->complaints.unreachable()) return {ErrorKind::runtime, fmt::format("{}: {}", doing, reason)};
  return {ErrorKind::runtime, fmt::format("{}: {}", doing, why_unreachable())};
}

std::string Client::why_unreachable() const {
  const std::string& servers = context_->bootstrap_servers;
  const std::string reason = in_brackets(context_->complaints.last());
  const rd_kafka_resp_err_t code = context_->complaints.last_code();
  if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION) {
    // Before 2.6.1 librdkafka answers SCRAM's challenge in a way that Kafka overlooks no longer since 4.0.
    constexpr int scram_since = 0x020601ff;
    if (context_->scram && rd_kafka_version() < scram_since && reason.contains("invalid credentials")) {
      return fmt::format(
          "Kafka at {} does not let this user in{}; librdkafka {} cannot do SCRAM with Kafka 4, however right the "
          "password is: take 2.6.1 or newer, sasl.mechanism=PLAIN, or a client certificate",
          servers, reason, rd_kafka_version_str());
    }
    return fmt::format(
        "Kafka at {} does not let this user in{}; are sasl.username, sasl.password and sasl.mechanism right?", servers,
        reason);
  }
  if (code == RD_KAFKA_RESP_ERR__SSL || reason.contains("SSL routines")) {
    return fmt::format(
        "no TLS with Kafka at {}{}; does it speak TLS there, is ssl.ca.location the authority of its certificate, and "
        "does it want a certificate of ours (ssl.certificate.location)?",
        servers, reason);
  }
  return fmt::format(
      "no Kafka broker answers at {}{}; is it running (make kafka-up), and is the address right "
      "(--bootstrap-server){}?",
      servers, reason, reason.empty() ? ", and does it want TLS or a password there (security.protocol)" : "");
}

Error Client::error(std::string_view doing, rd_kafka_resp_err_t code) const {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
      // The complaint names another address where the broker tells its clients a wrong one (advertised.listeners).
      return error(doing,
                   fmt::format("no answer in time from Kafka at {}{}; is it well, and can it be reached from here?",
                               context_->bootstrap_servers, in_brackets(context_->complaints.last())));
    default: return error(doing, rd_kafka_err2str(code));
  }
}

Result<void> check_reachable(const Connection& connection, int timeout_ms) {
  Result<Client> client = Client::make(RD_KAFKA_PRODUCER, connection, {}, {});
  if (!client) return std::unexpected(client.error());
  const struct rd_kafka_metadata* metadata = nullptr;
  const rd_kafka_resp_err_t code = rd_kafka_metadata(client->get(), 0, nullptr, &metadata, timeout_ms);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_metadata_destroy(metadata);
    return {};
  }
  rd_kafka_poll(client->get(), 0);  // serves the complaints
  return std::unexpected(client->error("cannot reach Kafka", code));
}

}  // namespace bank::kafka

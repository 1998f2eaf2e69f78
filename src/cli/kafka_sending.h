// What the commands that fill the transactions topic share: the producer that the settings ask for, and what is told of
// it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "adapters/kafka/producer.h"
#include "base/result.h"
#include "cli/context.h"
#include "cli/table.h"

namespace CLI {
class App;
}  // namespace CLI

namespace bank::cli {

/// Adds --kafka (into `on`), --topic and the flags of add_kafka_flags().
void add_sending_flags(CLI::App& command, Context& context, bool& on);

/// Error (config): one of those flags was given without --kafka.
[[nodiscard]] Result<void> check_no_kafka_flags(const config::Settings& settings);

/// `undelivered_transactions.json` in `data_dir`.
[[nodiscard]] std::string spool_path(const config::Settings& settings);

/// A producer for `kafka.transactions_topic` that tells the user, once an outage, that it waits for the broker.
class KafkaSending {
 public:
  /// `prompt`: as ProducerOptions. Errors: those of kafka_connection() and TransactionProducer::open().
  [[nodiscard]] static Result<std::unique_ptr<KafkaSending>> open(Context& context, const std::string& spool,
                                                                  bool prompt);

  [[nodiscard]] kafka::TransactionProducer& producer() { return *producer_; }
  /// Serves the producer's reports, and looks whether there is something to tell.
  void serve();
  /// Rows of the summary: the topic, what was delivered, and what was not.
  void add_facts(Table& facts) const;

 private:
  KafkaSending(Context& context, std::string topic, std::string servers, std::string spool);
  void watch();

  Context& context_;
  std::string topic_;
  std::string servers_;
  std::string spool_;
  std::unique_ptr<kafka::TransactionProducer> producer_;
  bool in_trouble_ = false;
  bool stop_told_ = false;
};

}  // namespace bank::cli

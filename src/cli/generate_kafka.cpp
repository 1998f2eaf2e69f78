#include "cli/generate_kafka.h"

#include <string_view>
#include <utility>

#include "adapters/file/file_sink.h"
#include "cli/generate_screen.h"
#include "generator/produce.h"

namespace bank::cli {
namespace {

void send(kafka::TransactionProducer& producer, const generator::KeyedText& transactions) {
  std::string_view text = transactions.text;
  std::string_view accounts = transactions.accounts;
  for (const generator::KeyedText::Record& record : transactions.records) {
    producer.send({.key = accounts.substr(0, record.account_bytes),
                   .value = text.substr(0, record.bytes - 1),  // without the newline
                   .time = record.time});
    text.remove_prefix(record.bytes);
    accounts.remove_prefix(record.account_bytes);
  }
}

Result<std::optional<file::OutputFile>> open_labels(const GenerateOptions& options) {
  if (options.labels.empty()) return std::nullopt;
  auto file = options.paced ? file::OutputFile::create_live(options.labels) : file::OutputFile::create(options.labels);
  if (!file) return std::unexpected(file.error());
  return *std::move(file);
}

Result<void> publish(std::optional<file::OutputFile>& labels) {
  if (!labels) return {};
  if (auto synced = labels->sync(); !synced) return synced;
  return labels->publish();
}

}  // namespace

Result<GeneratedToKafka> run_generate_to_kafka(const GenerateOptions& options, KafkaSending& sending,
                                               Context& context) {
  auto generator = generator::Generator::make(options.generator);
  if (!generator) return std::unexpected(generator.error());
  auto labels = open_labels(options);
  if (!labels) return std::unexpected(labels.error());

  kafka::TransactionProducer& producer = sending.producer();
  const std::int64_t start_ns = context.clock.monotonic_ns();
  const auto seconds = [&] { return static_cast<double>(context.clock.monotonic_ns() - start_ns) / 1e9; };
  GeneratedToKafka made;
  Progress progress(context.terminal, context.clock);
  generator::Sinks sinks;
  sinks.keyed_transactions = [&](const generator::KeyedText& transactions) -> Result<void> {
    if (producer.ended()) return fail("the sending has ended");  // to end the generator; finish() tells why
    send(producer, transactions);
    sending.serve();
    return {};
  };
  if (*labels) sinks.labels = [&](std::string_view text) { return (*labels)->write(text); };
  sinks.progress = [&](const generator::Totals& so_far) {
    made.totals = so_far;
    show_generate_progress(progress, so_far, options.generator, seconds());
  };
  constexpr auto format = generator::Format::jsonl;
  const Result<generator::Totals> totals =
      options.paced ? generator::produce_paced(*generator, format, context.clock, context.stop_requested, sinks)
                    : generator::produce(*generator, format, options.threads, context.stop_requested, sinks);
  if (totals) made.totals = *totals;
  const bool ended = producer.ended();
  if (const Result<void> finished = producer.finish(); !finished) made.failure = finished.error();
  made.seconds = seconds();
  if (!totals && !ended) return std::unexpected(totals.error());
  if (auto published = publish(*labels); !published) return std::unexpected(published.error());
  return made;
}

Result<ExitCode> generate_to_kafka(const GenerateOptions& options, Context& context) {
  const auto sending = KafkaSending::open(context, spool_path(context.settings), options.paced);
  if (!sending) return std::unexpected(sending.error());
  const auto made = run_generate_to_kafka(options, **sending, context);
  if (!made) return std::unexpected(made.error());
  print_generated(context.terminal, made->totals, options, made->seconds,
                  made->failure ? "not all that was sent is delivered" : "every transaction sent is delivered",
                  [&](Table& facts) { (*sending)->add_facts(facts); });
  if (made->failure) return std::unexpected(*made->failure);
  return ExitCode::ok;
}

}  // namespace bank::cli

#include "cli/run_spark.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "base/json_writer.h"
#include "cli/detect_screen.h"
#include "cli/human.h"
#include "cli/kafka.h"
#include "cli/run_topic.h"
#include "cli/spark_job.h"
#include "cli/spark_screen.h"
#include "cli/spark_settings.h"
#include "rules/load.h"

namespace bank::cli {
namespace {

namespace fs = std::filesystem;

// Spark's startingOffsets: {"topic":{"0":17,"1":4}}.
std::string offsets_text(const std::string& topic, const kafka::TopicEnds& offsets) {
  std::string text;
  JsonWriter json(text, 0);
  json.begin_object().key(topic).begin_object();
  for (const auto& [partition, offset] : offsets) json.member(std::to_string(partition), offset);
  json.end_object().end_object();
  return text;
}

std::uint64_t records_between(const kafka::TopicEnds& from, const kafka::TopicEnds& to) {
  std::int64_t records = 0;
  for (const auto& [partition, end] : to) {
    const auto begin = from.find(partition);
    records += end - (begin == from.end() ? 0 : begin->second);
  }
  return static_cast<std::uint64_t>(records);
}

class SparkJudge final : public RunJudge {
 public:
  SparkJudge(Context& context, const rules::RuleSet& rules)
      : context_(context),
        rules_(rules),
        checkpoint_(fmt::format("{}-run-{}-{}", context.settings.string("spark.checkpoint"), getpid(),
                                context.clock.wall_us())) {}
  ~SparkJudge() override {
    job_.reset();
    std::error_code ignored;  // it may lie elsewhere than on this machine
    fs::remove_all(checkpoint_, ignored);
  }

  Result<std::string> start(const kafka::TopicEnds& from) override {
    from_ = from;
    const std::string topic = context_.settings.string("kafka.transactions_topic");
    const auto settings = spark_stream_settings(context_, {.to_kafka = true,
                                                           .to_console = false,
                                                           .console_alerts = 0,
                                                           .from_latest = false,
                                                           .records_max = {},
                                                           .from_offsets = offsets_text(topic, from),
                                                           .checkpoint = checkpoint_});
    if (!settings) return std::unexpected(settings.error());
    auto job = SparkJob::start(context_, *settings, true);
    if (!job) return std::unexpected(job.error());
    job_ = *std::move(job);
    while (!job_->over()) {
      const auto event = job_->next();
      if (event && event->name() == "started") return started_line(*event);
    }
    return std::unexpected(failure());
  }

  // A batch's records are counted once they are committed. The generator's producer leaves no transaction markers, so
  // that each offset is a record.
  Result<Outcome> finish(const kafka::TopicEnds& ends,
                         const std::function<void(const std::string&)>& progress) override {
    const std::uint64_t wanted = records_between(from_, ends);
    while (!job_->over() && done_ < wanted) {
      const auto event = job_->next();
      if (!event || event->name() != "batch") continue;
      ++batches_;
      done_ += event->number("rows");
      progress(batch_line(*event));
    }
    job_->stop();
    while (!job_->over()) (void)job_->next();
    const bool complete = done_ >= wanted;
    const Result<SparkEvent> ended = job_->finish();
    if (!ended) return std::unexpected(ended.error());
    if (!complete && !context_.stop_requested) {
      return fail(fmt::format("Spark ended with {} of {} judged", count_text(done_), counted(wanted, "record")));
    }
    return Outcome{.summary = summary_of(*ended, rules_),
                   .detail = fmt::format("{} batch{}", count_text(batches_), batches_ == 1 ? "" : "es")};
  }

 private:
  Error failure() {
    const Result<SparkEvent> ended = job_->finish();
    return ended ? Error{ErrorKind::runtime, "Spark ended before its work was done"} : ended.error();
  }

  Context& context_;
  const rules::RuleSet& rules_;
  const std::string checkpoint_;
  kafka::TopicEnds from_;
  std::unique_ptr<SparkJob> job_;
  std::uint64_t done_ = 0;
  std::uint64_t batches_ = 0;
};

}  // namespace

Result<ExitCode> run_on_spark(Context& context) {
  const auto connection = kafka_connection(context);
  if (!connection) return std::unexpected(connection.error());
  const auto rules = rules::load_rules(context.settings.string("detect.rules"));
  if (!rules) return std::unexpected(rules.error());
  SparkJudge judge(context, *rules);
  return run_through_topics(context, *connection, *rules, "Spark", judge);
}

}  // namespace bank::cli

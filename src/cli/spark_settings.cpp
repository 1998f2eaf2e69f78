#include "cli/spark_settings.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/json_writer.h"
#include "cli/detect.h"
#include "cli/input.h"
#include "cli/kafka.h"
#include "cli/spark_kafka.h"
#include "yaml/values.h"

namespace bank::cli {
namespace {

/// Spark's settings that have a key of their own: two values would be one too many.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> named_here = {{
    {"spark.master", "spark.master, or --master,"},
    {"spark.driver.memory", "spark.driver_memory, or --driver-memory,"},
    {"spark.executor.memory", "spark.executor_memory, or --executor-memory,"},
    {"spark.executor.cores", "spark.executor_cores, or --executor-cores,"},
}};

std::string absolute(const std::string& path) { return std::filesystem::absolute(path).lexically_normal().string(); }

// A plain path is one of this machine; the driver may have another working folder.
std::string located(const std::string& path) {
  return path.empty() || path.find("://") != std::string::npos ? path : absolute(path);
}

std::string mapping_text(const config::Mapping& mapping) {
  std::string text;
  for (const auto& [name, value] : mapping) text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value);
  return text;
}

Result<void> write_engine(JsonWriter& json, const config::Settings& settings) {
  const auto engine = engine_options(settings);
  if (!engine) return std::unexpected(engine.error());
  json.key("engine").begin_object();
  json.member("lateness_us", engine->lateness_us);
  json.member("review", engine->thresholds.review);
  json.member("block", engine->thresholds.block);
  const std::string map = mapping_text(settings.mapping("detect.map"));
  if (!map.empty()) json.member("map", map);
  json.end_object();
  return {};
}

void write_conf(JsonWriter& json, const config::Settings& settings) {
  json.key("spark").begin_object();
  json.member("spark.executor.memory", settings.string("spark.executor_memory"));
  const std::int64_t cores = settings.integer("spark.executor_cores");
  if (cores > 0) json.member("spark.executor.cores", std::to_string(cores));
  for (const auto& [name, value] : settings.mapping("spark.conf")) json.member(name, value);
  json.end_object();
}

Result<void> check_conf(const config::Settings& settings) {
  const std::string& origin = settings.origin("spark.conf");
  for (const auto& [name, value] : settings.mapping("spark.conf")) {
    if (!name.starts_with("spark.")) {
      return fail_config(
          fmt::format("spark.conf ({}): '{}' is none of Spark's settings; they all begin with spark.", origin, name));
    }
    for (const auto& [of_spark, ours] : named_here) {
      if (name == of_spark) return fail_config(fmt::format("spark.conf ({}): {} is {} here", origin, name, ours));
    }
  }
  return {};
}

Result<void> check_trigger(const config::Settings& settings) {
  const std::string& trigger = settings.string("spark.trigger");
  if (trigger == "available-now" || yaml::parse_duration_us(trigger, yaml::FinestUnit::microsecond)) return {};
  return fail_config(fmt::format("spark.trigger ({}): '{}' will not do; write 0s, 500ms, 5s, 1m, or available-now",
                                 settings.origin("spark.trigger"), trigger));
}

Result<void> begin(JsonWriter& json, const config::Settings& settings, std::string_view mode) {
  json.begin_object();
  json.member("mode", mode);
  json.member("rules", absolute(settings.string("detect.rules")));
  json.member("master", settings.string("spark.master"));
  json.member("app_name", fmt::format("bank {}", mode));
  if (auto done = check_conf(settings); !done) return done;
  if (auto done = write_engine(json, settings); !done) return done;
  write_conf(json, settings);
  return {};
}

}  // namespace

Result<std::string> spark_stream_settings(const Context& context, const SparkStreaming& streaming) {
  const config::Settings& settings = context.settings;
  if (auto done = check_trigger(settings); !done) return std::unexpected(done.error());
  const auto connection = kafka_connection(context);
  if (!connection) return std::unexpected(connection.error());
  const auto properties = java_properties(*connection);
  if (!properties) return std::unexpected(properties.error());

  std::string text;
  JsonWriter json(text);
  if (auto done = begin(json, settings, "stream"); !done) return std::unexpected(done.error());
  json.key("stream").begin_object();
  json.member("bootstrap_servers", connection->bootstrap_servers);
  json.member("topic", settings.string("kafka.transactions_topic"));
  json.member("sink", streaming.to_kafka ? settings.string("spark.sink") : "none");
  json.member("alerts_topic", settings.string("kafka.alerts_topic"));
  json.member("processed_topic", settings.string("kafka.write_processed") == "yes" && streaming.to_kafka
                                     ? settings.string("kafka.processed_topic")
                                     : "");
  json.member("dead_letter_topic", dead_letter_topic(settings));
  json.key("kafka").begin_object();
  for (const auto& [name, value] : *properties) json.member(name, value);
  json.end_object();
  json.member("checkpoint",
              located(streaming.checkpoint.empty() ? settings.string("spark.checkpoint") : streaming.checkpoint));
  json.member("trigger", settings.string("spark.trigger"));
  json.member("from", !streaming.from_offsets.empty() ? streaming.from_offsets
                      : streaming.from_latest         ? "latest"
                                                      : "earliest");
  json.member("max_per_batch", settings.integer("spark.max_per_batch"));
  if (streaming.records_max) json.member("max", *streaming.records_max);
  if (const std::int64_t shards = settings.integer("spark.shards"); shards > 0) json.member("shards", shards);
  json.key("console").begin_object();
  json.member("alerts", streaming.to_console).member("limit", streaming.console_alerts);
  json.end_object().end_object().end_object();
  return text;
}

Result<std::string> spark_batch_settings(const Context& context) {
  const config::Settings& settings = context.settings;
  std::string text;
  JsonWriter json(text);
  if (auto done = begin(json, settings, "batch"); !done) return std::unexpected(done.error());
  json.key("batch").begin_object();
  json.key("inputs").begin_array();
  for (const std::string& input : settings.list("detect.input")) json.value(located(input));
  json.end_array();
  json.member("format", settings.string("detect.format"));
  json.member("order", settings.string("detect.order"));
  json.member("alerts", located(settings.string("detect.output")));
  json.member("processed", located(settings.string("detect.processed")));
  json.member("rejected", located(settings.string("detect.rejected")));
  json.member("report", located(settings.string("analyze.json")));
  json.member("tables", located(settings.string("spark.tables")));
  json.member("top", settings.integer("analyze.top"));
  if (const std::int64_t shards = settings.integer("spark.shards"); shards > 0) json.member("shards", shards);
  json.end_object().end_object();
  return text;
}

}  // namespace bank::cli

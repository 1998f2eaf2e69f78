#include "cli/kafka.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command.h"

namespace bank::cli {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Of Java's format the part that librdkafka's properties need: name=value lines, # comments.
Result<std::vector<kafka::Property>> read_properties(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail_config(fmt::format("{}: cannot read this file of Kafka properties", path));
  std::vector<kafka::Property> properties;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const std::string_view text = trimmed(line);
    if (text.empty() || text.starts_with('#')) continue;
    const std::size_t equals = text.find('=');
    if (equals == 0 || equals == std::string_view::npos) {
      return fail_config(fmt::format("{}:{}: this line is no name=value", path, number));  // it may be half a password
    }
    properties.emplace_back(trimmed(text.substr(0, equals)), trimmed(text.substr(equals + 1)));
  }
  if (file.bad()) return fail_config(fmt::format("{}: cannot read this file of Kafka properties", path));
  return properties;
}

bool everybody_reads(const std::string& path) {
  using std::filesystem::perms;
  std::error_code unknown;
  const perms rights = std::filesystem::status(path, unknown).permissions();
  return !unknown && (rights & perms::others_read) != perms::none;
}

}  // namespace

void add_kafka_flags(CLI::App& command, Context& context) {
  bind_flag(command, context, "--bootstrap-server", "kafka.bootstrap_servers")->group(kafka_flags);
  bind_flag(command, context, "--command-config", "kafka.properties_file")->group(kafka_flags);
  bind_flag(command, context, "-X,--property", "kafka.properties")->group(kafka_flags);
}

Result<kafka::Connection> kafka_connection(const Context& context) {
  const config::Settings& settings = context.settings;
  kafka::Connection connection;
  connection.bootstrap_servers = settings.string("kafka.bootstrap_servers");
  const std::string& path = settings.string("kafka.properties_file");
  if (!path.empty()) {
    Result<std::vector<kafka::Property>> properties = read_properties(path);
    if (!properties) return std::unexpected(properties.error());
    connection.properties = std::move(*properties);
    const bool secret = std::ranges::any_of(
        connection.properties, [](const kafka::Property& property) { return kafka::is_secret(property.first); });
    if (secret && everybody_reads(path)) {
      context.terminal.warn(fmt::format(
          "{}: a password stands in this file, and everybody on this machine can read it; chmod 600 it", path));
    }
  }
  const bool on_command_line = settings.origin("kafka.properties").starts_with("-");
  for (const kafka::Property& property : settings.mapping("kafka.properties")) {
    if (on_command_line && kafka::is_secret(property.first)) {
      return fail_config(fmt::format(
          "-X {}: a command line is for everybody to read; put it into a file and name that by --command-config, or "
          "into the environment: BANK_KAFKA_PROPERTIES={}=…",
          property.first, property.first));
    }
    connection.properties.push_back(property);
  }
  return connection;
}

std::string dead_letter_topic(const config::Settings& settings) {
  const std::string& topic = settings.string("kafka.dead_letter_topic");
  return topic.empty() ? settings.string("kafka.transactions_topic") + ".dlq" : topic;
}

}  // namespace bank::cli

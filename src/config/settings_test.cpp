#include "config/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "config/template.h"
#include "config/value.h"

namespace bank::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

class SettingsTest : public ::testing::Test {
 public:
  SettingsTest()
      : directory_(std::filesystem::temp_directory_path() / ("bank_settings_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(directory_);
  }
  ~SettingsTest() override { std::filesystem::remove_all(directory_); }

 protected:
  // Writes the file that the settings are then loaded from.
  void write_file(const std::string& text) {
    sources_.file = (directory_ / "bank.yaml").string();
    std::ofstream(*sources_.file) << text;
  }
  void environment(const std::string& name, const std::string& value) {
    sources_.environment.emplace_back(name, value);
  }
  void flag(const std::string& key, const std::string& name, std::vector<std::string> values) {
    sources_.flags.push_back({key, name, std::move(values)});
  }
  Settings load() {
    auto settings = Settings::load(sources_);
    EXPECT_TRUE(settings.has_value()) << settings.error().message;
    return settings.value_or(Settings());
  }
  // The message, with the file's path cut to `FILE`.
  std::string error() {
    const auto settings = Settings::load(sources_);
    if (settings) return "no error";
    EXPECT_EQ(settings.error().kind, ErrorKind::config);
    std::string message = settings.error().message;
    if (sources_.file)
      for (std::size_t at = message.find(*sources_.file); at != std::string::npos; at = message.find(*sources_.file))
        message.replace(at, sources_.file->size(), "FILE");
    return message;
  }

  std::filesystem::path directory_;
  Sources sources_;
};

TEST_F(SettingsTest, DefaultsAreTheRegistrys) {
  const Settings settings = load();
  EXPECT_EQ(settings.integer("generate.count"), 10000);
  EXPECT_EQ(settings.duration_us("detect.lateness"), 3'600'000'000);
  EXPECT_EQ(settings.string("detect.output"), "data/fraud_alerts.json");
  EXPECT_THAT(settings.list("detect.input"), ElementsAre("data/sample_transactions.json"));
  EXPECT_TRUE(settings.mapping("detect.map").empty());
  EXPECT_EQ(settings.origin("generate.count"), "default");
  EXPECT_FALSE(settings.is_set("generate.count"));
  EXPECT_EQ(settings.file(), std::nullopt);
}

TEST_F(SettingsTest, TheDefaultRulesAreTheInstalledOnesWhereTheWorkingDirectoryHasNone) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(directory_);
  const auto rules = [this] {
    const Settings settings = load();
    return std::pair(settings.string("detect.rules"), settings.origin("detect.rules"));
  };
  const std::pair<std::string, std::string> plain = {"config/rules/default.yaml", "default"};
  sources_.installed = (directory_ / "share/bank").string();
  EXPECT_EQ(rules(), plain) << "nothing is installed";

  std::filesystem::create_directories(directory_ / "share/bank/rules");
  const std::string installed = (directory_ / "share/bank/rules/default.yaml").string();
  std::ofstream(installed) << "";
  EXPECT_EQ(rules(), std::pair(installed, std::string("default, as installed")));
  EXPECT_FALSE(load().is_set("detect.rules"));

  write_file(template_yaml());
  EXPECT_EQ(rules().first, installed) << "a file of all defaults changes nothing";
  EXPECT_THAT(rules().second, HasSubstr(", as installed"));
  sources_.file.reset();

  environment("BANK_DETECT_RULES", "config/rules/default.yaml");
  EXPECT_EQ(rules(), std::pair(plain.first, std::string("BANK_DETECT_RULES"))) << "what was asked for stays";
  sources_.environment.clear();

  std::filesystem::create_directories(directory_ / "config/rules");
  std::ofstream(directory_ / "config/rules/default.yaml") << "";
  EXPECT_EQ(rules(), plain) << "the working directory's go before";
  std::filesystem::current_path(before);
}

// Each layer present or not: the value and its origin are those of the highest that is.
TEST_F(SettingsTest, FlagOverEnvironmentOverFileOverDefault) {
  for (unsigned layers = 0; layers < 8; ++layers) {
    sources_ = {};
    if ((layers & 1U) != 0) write_file("detect:\n  lateness: 2h\n  threads: 2\n");
    if ((layers & 2U) != 0) environment("BANK_DETECT_THREADS", "3");
    if ((layers & 4U) != 0) flag("detect.threads", "--threads", {"4"});
    const Settings settings = load();
    const std::string file_origin = sources_.file.value_or("") + ":3";
    const std::pair<std::int64_t, std::string> expected = (layers & 4U) != 0 ? std::pair(4L, std::string("--threads"))
                                                          : (layers & 2U) != 0
                                                              ? std::pair(3L, std::string("BANK_DETECT_THREADS"))
                                                          : (layers & 1U) != 0 ? std::pair(2L, file_origin)
                                                                               : std::pair(0L, std::string("default"));
    EXPECT_EQ(std::pair(settings.integer("detect.threads"), settings.origin("detect.threads")), expected) << layers;
  }
}

TEST_F(SettingsTest, DataDirIsPutInWhereverItStands) {
  write_file("data_dir: /srv/bank\n");
  environment("BANK_DETECT_OUTPUT", "{data_dir}/a/{data_dir}");
  flag("detect.input", "--file", {"{data_dir}/x.json", "-"});
  const Settings settings = load();
  EXPECT_EQ(settings.string("detect.output"), "/srv/bank/a//srv/bank");
  EXPECT_EQ(settings.string("analyze.html"), "/srv/bank/analytics_report.html");
  EXPECT_THAT(settings.list("detect.input"), ElementsAre("/srv/bank/x.json", "-"));
}

TEST_F(SettingsTest, DataDirIsADirectory) {
  environment("BANK_DATA_DIR", "x{data_dir}");
  EXPECT_EQ(error(), "BANK_DATA_DIR: data_dir is 'x{data_dir}'; write a directory, as in data");
  sources_.environment = {{"BANK_DATA_DIR", ""}};
  EXPECT_EQ(error(), "BANK_DATA_DIR: data_dir is ''; write a directory, as in data");
}

TEST_F(SettingsTest, ReadsListsAndMappingsInEachLayer) {
  write_file("detect:\n  input: [a.json, 'b, c.json']\n  map: {account_number: cc_num, amount: amt}\n");
  EXPECT_THAT(load().list("detect.input"), ElementsAre("a.json", "b, c.json"));
  EXPECT_THAT(load().mapping("detect.map"), ElementsAre(Pair("account_number", "cc_num"), Pair("amount", "amt")));
  environment("BANK_DETECT_INPUT", "d.json, e.json");
  environment("BANK_DETECT_MAP", "amount=value");
  EXPECT_THAT(load().list("detect.input"), ElementsAre("d.json", "e.json"));
  EXPECT_THAT(load().mapping("detect.map"), ElementsAre(Pair("amount", "value")));
}

TEST_F(SettingsTest, AnEmptyFileOrSectionSetsNothing) {
  write_file("");
  EXPECT_EQ(load().origin("detect.threads"), "default");
  write_file("detect:\n  # threads: 4\n");
  EXPECT_EQ(load().origin("detect.threads"), "default");
}

TEST_F(SettingsTest, TheFirstDefaultFileThatExistsIsRead) {
  write_file("generate: {count: 7}\n");
  sources_.default_files = {(directory_ / "none.yaml").string(), (directory_ / "bank.yaml").string()};
  sources_.file = std::nullopt;
  EXPECT_EQ(load().integer("generate.count"), 7);
  EXPECT_EQ(load().file(), sources_.default_files[1]);
}

TEST_F(SettingsTest, AFileThatWasAskedForMustExist) {
  sources_.file = (directory_ / "none.yaml").string();
  EXPECT_THAT(error(), HasSubstr("FILE"));
}

TEST_F(SettingsTest, UnknownKeysAreToldWithTheirPlaceAndWhatIsClose) {
  write_file("data_dir: data\ndetect:\n  thread: 2\nflink: 1\n");
  EXPECT_THAT(
      error(),
      HasSubstr("FILE:3:3: unknown key 'thread' in 'detect'; did you mean 'threads'?\nFILE:4:1: unknown key 'flink'"));
}

TEST_F(SettingsTest, ADuplicateKeyIsAnErrorWithItsPlace) {
  write_file("detect:\n  threads: 2\n  threads: 3\n");
  EXPECT_THAT(error(), HasSubstr("FILE:3:3: "));
}

TEST_F(SettingsTest, UnknownVariablesAreErrors) {
  environment("BANK_DETECT_THREDS", "2");
  EXPECT_EQ(error(), "BANK_DETECT_THREDS: there is no such setting; did you mean BANK_DETECT_THREADS?");
  sources_.environment = {{"BANK_QQQQQQQQQQQQQQQ", ""}};
  EXPECT_THAT(error(), HasSubstr("BANK_QQQQQQQQQQQQQQQ: there is no such setting; `bank config` lists all"));
}

TEST_F(SettingsTest, OtherVariablesAreNotOurs) {
  environment("BANK", "/usr/bin/bank");
  environment("BANK_CONFIG", "elsewhere.yaml");
  environment("BANKING_X", "1");
  EXPECT_EQ(error(), "no error");
}

TEST_F(SettingsTest, EveryMistakeIsTold) {
  write_file("detect: {threads: many}\n");
  environment("BANK_GENERATE_COUNT", "0");
  flag("detect.lateness", "--lateness", {"1 hour"});
  EXPECT_EQ(error(),
            "FILE:1:19: detect.threads: 'many' will not do; write a whole number from 0 to 1024\n"
            "BANK_GENERATE_COUNT: '0' will not do; write a whole number from 1 to 1000000000000\n"
            "--lateness: '1 hour' will not do; write a whole number and one of us ms s m h d, from 0s to 3660d");
}

TEST_F(SettingsTest, LatenessHasAnEnd) {
  for (const char* within : {"0s", "1us", "3660d"}) {
    sources_.environment = {{"BANK_DETECT_LATENESS", within}};
    EXPECT_EQ(load().origin("detect.lateness"), "BANK_DETECT_LATENESS") << within;
  }
  for (const char* beyond : {"3661d", "316224001s", "106751991d", "0", "-1s"}) {
    sources_.environment = {{"BANK_DETECT_LATENESS", beyond}};
    EXPECT_EQ(error(), "BANK_DETECT_LATENESS: '" + std::string(beyond) +
                           "' will not do; write a whole number and one of us ms s m h d, from 0s to 3660d");
  }
}

TEST_F(SettingsTest, AValueOfAnotherShapeIsRefused) {
  write_file("detect:\n  threads: [1]\n  input: a.json\n  map: [a]\ngenerate: 5\n");
  EXPECT_EQ(error(),
            "FILE:2:12: detect.threads: here stands a list; write a whole number from 0 to 1024\n"
            "FILE:3:10: detect.input: here stands a value; write a list, as in [a, b]\n"
            "FILE:4:8: detect.map: here stands a list; write a mapping, as in {name: value}\n"
            "FILE:5:11: 'generate' must be a mapping (key: value), and is a value");
}

TEST_F(SettingsTest, ThresholdsMustAscend) {
  environment("BANK_DECISION_REVIEW_THRESHOLD", "90");
  EXPECT_EQ(error(),
            "decision.review_threshold is 90 (BANK_DECISION_REVIEW_THRESHOLD), above decision.block_threshold, which "
            "is 80 (default); "
            "it must not be higher");
  sources_.environment = {{"BANK_MONITOR_CPU_PERCENT_CRITICAL", "10"}};
  EXPECT_THAT(error(), HasSubstr("monitor.cpu_percent_warn is 80 (default), above monitor.cpu_percent_critical"));
}

TEST(Registry, NamesAndVariablesAreUniqueAndSectionsStandTogether) {
  std::set<std::string> variables;
  std::set<std::string> sections;
  std::string section;
  for (const Key& key : registry()) {
    EXPECT_TRUE(variables.insert(environment_name(key)).second) << key.name;
    const std::string its_section(key.name.substr(0, key.name.find('.')));
    if (its_section == section) continue;
    EXPECT_TRUE(sections.insert(its_section).second) << its_section << " is torn apart";
    section = its_section;
  }
}

TEST(Registry, EveryKeySaysWhyInOneLine) {
  for (const Key& key : registry()) {
    EXPECT_FALSE(key.why.empty()) << key.name;
    EXPECT_EQ(key.why.find('\n'), std::string_view::npos) << key.name;
    EXPECT_EQ(key.why.find(" #"), std::string_view::npos) << key.name;
  }
}

TEST(Template, IsTheFileThatComesWithTheProject) {
  std::ifstream file(BANK_SOURCE_DIR "/config/bank.yaml");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), template_yaml()) << "after a change of the registry: bank config --template > config/bank.yaml";
}

TEST(Template, SetsEveryKeyToItsDefault) {
  Sources sources;
  sources.file = BANK_SOURCE_DIR "/config/bank.yaml";
  const auto settings = Settings::load(sources);
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  Sources none;
  const auto defaults = Settings::load(none);
  for (const Key& key : registry()) {
    EXPECT_TRUE(settings->is_set(key.name)) << key.name;
    EXPECT_EQ(settings->value(key.name), defaults->value(key.name)) << key.name;
  }
}

struct Case {
  Type type;
  const char* text;
  const char* expected;  // null: refused
};

TEST(Value, ReadsWhatItsTypeAllowsAndNothingElse) {
  const Case cases[] = {
      {Type::integer, "12", "12"},
      {Type::integer, "-3", "-3"},
      {Type::integer, "", nullptr},
      {Type::integer, "1.5", nullptr},
      {Type::integer, " 1", nullptr},
      {Type::integer, "0x10", nullptr},
      {Type::integer, "99999999999999999999", nullptr},
      {Type::decimal, "0.25", "0.25"},
      {Type::decimal, "nan", nullptr},
      {Type::decimal, "inf", nullptr},
      {Type::decimal, "1,5", nullptr},
      {Type::duration, "90s", "90s"},
      {Type::duration, "120s", "2m"},
      {Type::duration, "250ms", "250ms"},
      {Type::duration, "2d", "2d"},
      {Type::duration, "1d", "24h"},
      {Type::duration, "05m", nullptr},
      {Type::duration, "3661d", nullptr},
      {Type::duration, "1500us", "1500us"},
      {Type::duration, "0s", "0s"},
      {Type::duration, "0", nullptr},
      {Type::duration, "5", nullptr},
      {Type::duration, "5 m", nullptr},
      {Type::duration, "-5m", nullptr},
      {Type::duration, "m", nullptr},
      {Type::duration, "999999999999d", nullptr},
      {Type::list, "a, b", "a,b"},
      {Type::list, "", ""},
      {Type::list, "a,,b", nullptr},
      {Type::mapping, "a=b, c=d", "a=b,c=d"},
      {Type::mapping, "a", nullptr},
      {Type::mapping, "a=1,a=2", nullptr},
      {Type::mapping, "=b", nullptr},
      {Type::string, "", ""},
  };
  for (const Case& c : cases) {
    const Key key{.name = "x", .type = c.type, .default_value = "", .why = ""};
    const auto value = parse_value(key, c.text);
    EXPECT_EQ(value.has_value(), c.expected != nullptr) << to_string(c.type) << " '" << c.text << "'";
    if (value && c.expected != nullptr) {
      EXPECT_EQ(to_text(key, *value), c.expected);
    }
  }
}

TEST(Value, KeepsItsBoundsAndSaysThem) {
  const Key key{.name = "x", .type = Type::duration, .default_value = "1s", .why = "", .min = 1, .max = 3600};
  EXPECT_TRUE(parse_value(key, "1h").has_value());
  EXPECT_EQ(parse_value(key, "61m").error(),
            "'61m' will not do; write a whole number and one of us ms s m h d, from 1s to 1h");
  EXPECT_FALSE(parse_value(key, "999ms").has_value());
  const Key word{.name = "x", .type = Type::choice, .default_value = "a", .why = "", .choices = "a|b|c"};
  EXPECT_EQ(parse_value(word, "d").error(), "'d' will not do; write a, b or c");
  EXPECT_FALSE(parse_value(word, "a|b").has_value());
  EXPECT_FALSE(parse_value(word, "").has_value());
}

}  // namespace
}  // namespace bank::config

#include "notify/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace bank::notify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class TargetTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("bank_notify_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path) << text;
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  Result<Targets> load(const std::string& receivers) {
    const std::vector<std::string> rules = {"HIGH_AMOUNT", "VELOCITY"};
    return load_targets(write("receivers.yaml", "version: 1\nreceivers:\n" + receivers), rules,
                        [](const std::string& name) -> std::optional<std::string> {
                          if (name == "DESK") return "https://hooks.example/secret-path";
                          if (name == "KEY") return "routing-key\n";
                          if (name == "TWO_LINES") return "routing\nkey\n";
                          return std::nullopt;
                        });
  }
  std::string fault(const std::string& receivers) {
    const auto targets = load(receivers);
    return targets ? std::string() : targets.error().message;
  }

  std::filesystem::path folder_;
};

TEST_F(TargetTest, ReadsEveryKind) {
  const std::string key = write("key", "routing-key\n");
  const auto targets = load(
      "  - {name: siem, kind: webhook, url: \"https://siem.example/in\", rules: [VELOCITY]}\n"
      "  - {name: desk, kind: slack, url_environment: DESK, severities: [HIGH, CRITICAL]}\n"
      "  - {name: night, kind: pagerduty, token_file: \"" +
      key + "\", per_minute: 6, burst: 2, timeout: 3s, give_up_after: 2h, max_age: 5m}\n");
  ASSERT_TRUE(targets) << targets.error().message;
  ASSERT_EQ(targets->all.size(), 3U);
  EXPECT_THAT(targets->warnings, IsEmpty());
  EXPECT_THAT(targets->all[0].route.rules, ElementsAre("VELOCITY"));
  EXPECT_THAT(targets->all[0].route.severities, IsEmpty());
  EXPECT_EQ(targets->all[1].url, "https://hooks.example/secret-path");
  EXPECT_THAT(targets->all[1].route.severities, ElementsAre(model::Severity::high, model::Severity::critical));
  const Target& night = targets->all[2];
  EXPECT_EQ(night.kind, Kind::pagerduty);
  EXPECT_EQ(night.secret, "routing-key");
  EXPECT_THAT(night.url, testing::StartsWith("https://"));
  EXPECT_EQ(night.per_minute, 6);
  EXPECT_EQ(night.timeout_us, 3'000'000);
  EXPECT_EQ(night.give_up_us, 7'200'000'000);
  EXPECT_EQ(night.route.max_age_us, 300'000'000);
}

TEST_F(TargetTest, SaysWhereWhatIsWrongAndWhatWouldBeRight) {
  EXPECT_THAT(fault("  - {name: a, kind: webhook, url: \"https://a.example\", severity: [HIGH]}\n"),
              HasSubstr("receivers.yaml:3:56: unknown key 'severity' in a receiver; did you mean 'severities'?"));
  EXPECT_THAT(fault("  - {name: a, kind: webhook, url: \"https://a.example\", severities: [HIHG]}\n"),
              HasSubstr("'HIHG' is not among the severities; did you mean 'HIGH'?"));
  EXPECT_THAT(fault("  - {name: a, kind: webhook, url: \"https://a.example\", rules: [VELOCTY]}\n"),
              HasSubstr("did you mean 'VELOCITY'?"));
  EXPECT_THAT(fault("  - {name: a, kind: mail}\n"), HasSubstr("webhook, slack or pagerduty"));
  EXPECT_THAT(fault("  - {kind: webhook, url: \"https://a.example\"}\n"), HasSubstr("has no 'name'"));
  EXPECT_THAT(fault("  - {name: \"a b\", kind: webhook, url: \"https://a.example\"}\n"), HasSubstr("can't be a name"));
  EXPECT_THAT(fault("  - {name: a, kind: webhook, url: \"https://a.example\"}\n"
                    "  - {name: a, kind: webhook, url: \"https://b.example\"}\n"),
              HasSubstr("receivers.yaml:4:5: there are two receivers 'a'"));
  EXPECT_THAT(fault("  - {name: a, kind: webhook}\n"), HasSubstr("has no address"));
  EXPECT_THAT(fault("  - {name: a, kind: pagerduty}\n"), HasSubstr("routing key"));
  EXPECT_THAT(fault("  - {name: a, kind: webhook, url: \"https://a.example\", per_minute: 0}\n"),
              HasSubstr("from 1 to 6000"));
}

TEST_F(TargetTest, SendsNothingInTheClearToAnotherMachine) {
  const auto webhook = [&](const std::string& url) {
    return fault("  - {name: a, kind: webhook, url: \"" + url + "\"}\n");
  };
  EXPECT_EQ(webhook("http://127.0.0.1:9000/in"), "");
  EXPECT_EQ(webhook("http://[::1]:9000/in"), "");
  EXPECT_EQ(webhook("http://localhost/in"), "");
  EXPECT_THAT(webhook("http://siem.example/in"), HasSubstr("must begin with https://"));
  EXPECT_THAT(webhook("http://127.0.0.1.example/in"), HasSubstr("must begin with https://"));
  EXPECT_THAT(webhook("http://127.0.0.1@siem.example/in"), HasSubstr("has a user in it"));
  EXPECT_THAT(webhook("ftp://siem.example/in"), HasSubstr("must begin with https://"));
  EXPECT_THAT(webhook("https:///in"), HasSubstr("names no host"));
  EXPECT_THAT(webhook("https://siem.example/i n"), HasSubstr("blanks"));
}

TEST_F(TargetTest, TakesSecretsFromFilesAndTheEnvironmentOnlyAndShowsNone) {
  EXPECT_THAT(fault("  - {name: a, kind: slack, url: \"https://hooks.example/T1/secret\"}\n"),
              testing::AllOf(HasSubstr("is a secret; give url_file or url_environment"), Not(HasSubstr("T1/secret"))));
  EXPECT_THAT(fault("  - {name: a, kind: slack, url_environment: NOT_THERE}\n"), HasSubstr("NOT_THERE is not set"));
  EXPECT_THAT(fault("  - {name: a, kind: slack, url_file: /not/there}\n"), HasSubstr("cannot read /not/there"));
  EXPECT_THAT(fault("  - {name: a, kind: slack, url_file: /x, url_environment: DESK}\n"), HasSubstr("not both"));
  const std::string open = write("open", "http://hooks.example/secret\n", 0644);
  EXPECT_THAT(fault("  - {name: a, kind: slack, url_file: \"" + open + "\"}\n"), Not(HasSubstr("hooks.example")));
}

TEST_F(TargetTest, TakesNoControlCharactersInSecrets) {
  const auto targets = load("  - {name: a, kind: pagerduty, token_environment: KEY}\n");
  ASSERT_TRUE(targets) << targets.error().message;
  EXPECT_EQ(targets->all[0].secret, "routing-key");
  EXPECT_THAT(fault("  - {name: a, kind: pagerduty, token_environment: TWO_LINES}\n"),
              testing::AllOf(HasSubstr("TWO_LINES has control characters"), Not(HasSubstr("routing"))));
  const std::string tab = write("tab", "routing\tkey\n");
  EXPECT_THAT(fault("  - {name: a, kind: pagerduty, token_file: \"" + tab + "\"}\n"),
              testing::AllOf(HasSubstr("has control characters"), Not(HasSubstr("routing"))));
}

TEST_F(TargetTest, WarnsOfASecretThatEverybodyMayRead) {
  const std::string open = write("open", "https://hooks.example/secret\n", 0644);
  const auto targets = load("  - {name: a, kind: slack, url_file: \"" + open + "\"}\n");
  ASSERT_TRUE(targets) << targets.error().message;
  EXPECT_THAT(targets->warnings, ElementsAre(HasSubstr("chmod 600")));
}

}  // namespace
}  // namespace bank::notify

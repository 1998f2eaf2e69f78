#include "cli/spark_kafka.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bank::cli {
namespace {

using testing::HasSubstr;
using testing::Pair;
using testing::UnorderedElementsAre;

Result<std::vector<kafka::Property>> translated(std::vector<kafka::Property> properties) {
  kafka::Connection connection;
  connection.bootstrap_servers = "127.0.0.1:9092";
  connection.properties = std::move(properties);
  return java_properties(connection);
}

TEST(JavaProperties, KeepWhatHasTheSameName) {
  EXPECT_THAT(*translated({{"linger.ms", "5"}, {"bootstrap.servers", "elsewhere:1"}, {"linger.ms", "7"}}),
              UnorderedElementsAre(Pair("linger.ms", "7")));
}

TEST(JavaProperties, AUserBecomesALoginModule) {
  EXPECT_THAT(*translated({{"security.protocol", "SASL_SSL"},
                           {"sasl.mechanisms", "SCRAM-SHA-512"},
                           {"sasl.username", "bank"},
                           {"sasl.password", R"(a"b\c)"}}),
              UnorderedElementsAre(Pair("security.protocol", "SASL_SSL"), Pair("sasl.mechanism", "SCRAM-SHA-512"),
                                   Pair("sasl.jaas.config",
                                        "org.apache.kafka.common.security.scram.ScramLoginModule required "
                                        R"(username="bank" password="a\"b\\c";)")));
  EXPECT_THAT(translated({{"sasl.username", "bank"}}).error().message, HasSubstr("belong together"));
}

TEST(JavaProperties, CertificatesTravelAsText) {
  const auto path = std::filesystem::path(testing::TempDir()) / "bank_ca.pem";
  std::ofstream(path) << "-----BEGIN CERTIFICATE-----\n";
  EXPECT_THAT(
      *translated({{"ssl.ca.location", path.string()},
                   {"ssl.certificate.location", path.string()},
                   {"ssl.key.location", path.string()},
                   {"ssl.endpoint.identification.algorithm", "none"}}),
      UnorderedElementsAre(Pair("ssl.truststore.certificates", "-----BEGIN CERTIFICATE-----\n"),
                           Pair("ssl.truststore.type", "PEM"),
                           Pair("ssl.keystore.certificate.chain", "-----BEGIN CERTIFICATE-----\n"),
                           Pair("ssl.keystore.key", "-----BEGIN CERTIFICATE-----\n"), Pair("ssl.keystore.type", "PEM"),
                           Pair("ssl.endpoint.identification.algorithm", "")));
  std::filesystem::remove(path);
  EXPECT_THAT(translated({{"ssl.ca.location", "/no/ca.pem"}}).error().message,
              HasSubstr("ssl.ca.location: cannot read /no/ca.pem"));
}

TEST(JavaProperties, SayWhatJavaCannotDo) {
  EXPECT_THAT(translated({{"enable.ssl.certificate.verification", "false"}}).error().message,
              HasSubstr("check certificates always"));
}

}  // namespace
}  // namespace bank::cli

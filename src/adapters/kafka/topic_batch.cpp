#include "adapters/kafka/topic_batch.h"

#include <fmt/format.h>

#include <algorithm>

namespace bank::kafka {

Result<std::vector<std::int32_t>> partitions_of(const Client& client, const std::string& topic, int timeout_ms) {
  const Topic handle(rd_kafka_topic_new(client.get(), topic.c_str(), nullptr));
  const struct rd_kafka_metadata* metadata = nullptr;
  rd_kafka_resp_err_t code = rd_kafka_metadata(client.get(), 0, handle.get(), &metadata, timeout_ms);
  std::vector<std::int32_t> partitions;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    code = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    for (int i = 0; code == RD_KAFKA_RESP_ERR_NO_ERROR && i < metadata->topics[0].partition_cnt; ++i) {
      partitions.push_back(metadata->topics[0].partitions[i].id);
    }
    rd_kafka_metadata_destroy(metadata);
  }
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    return fail(fmt::format("topic {} does not exist; `bank topics create` makes what is missing", topic));
  }
  rd_kafka_poll(client.get(), 0);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::unexpected(client.error("cannot look up topic " + topic, code));
  std::ranges::sort(partitions);
  return partitions;
}

}  // namespace bank::kafka

#include "adapters/spark/handles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace bank::spark {
namespace {

using testing::HasSubstr;

std::string refusal(Handles& handles, HandleKind kind, std::int64_t handle) {
  const auto lease = handles.lease<int>(kind, handle);
  if (lease) return "";
  EXPECT_TRUE(lease.error().kind == Fault::Kind::border || lease.error().kind == Fault::Kind::state);
  return lease.error().message;
}

TEST(Handles, GiveTheirObjectUntilTheyAreClosed) {
  Handles handles;
  const auto object = std::make_shared<int>(5);
  const std::int64_t handle = handles.add(HandleKind::shard, object);
  EXPECT_EQ(**handles.lease<int>(HandleKind::shard, handle), 5);
  EXPECT_EQ(object.use_count(), 2);
  EXPECT_TRUE(handles.close(HandleKind::shard, handle).has_value());
  EXPECT_EQ(object.use_count(), 1);
  EXPECT_THAT(refusal(handles, HandleKind::shard, handle), HasSubstr("closed"));
  EXPECT_FALSE(handles.close(HandleKind::shard, handle).has_value());
  EXPECT_EQ(handles.size(), 0U);
}

TEST(Handles, ThatWereNeverGivenOrAreOfAnotherKindAreRefused) {
  Handles handles;
  const std::int64_t handle = handles.add(HandleKind::shard, std::make_shared<int>(5));
  for (const std::int64_t wrong : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, handle + 1, INT64_MIN}) {
    EXPECT_NE(refusal(handles, HandleKind::shard, wrong), "");
  }
  EXPECT_THAT(refusal(handles, HandleKind::packer, handle), HasSubstr("not a packer"));
  EXPECT_EQ(refusal(handles, HandleKind::shard, handle), "");
}

TEST(Handles, InUseAreRefusedAndNotClosed) {
  Handles handles;
  const std::int64_t handle = handles.add(HandleKind::shard, std::make_shared<int>(5));
  {
    const auto lease = handles.lease<int>(HandleKind::shard, handle);
    EXPECT_THAT(refusal(handles, HandleKind::shard, handle), HasSubstr("in use"));
    EXPECT_FALSE(handles.close(HandleKind::shard, handle).has_value());
  }
  EXPECT_EQ(refusal(handles, HandleKind::shard, handle), "");
}

TEST(Handles, ThatWereSpoiltCanOnlyBeClosed) {
  Handles handles;
  const std::int64_t handle = handles.add(HandleKind::shard, std::make_shared<int>(5));
  handles.lease<int>(HandleKind::shard, handle)->spoil();
  EXPECT_THAT(refusal(handles, HandleKind::shard, handle), HasSubstr("close it"));
  EXPECT_TRUE(handles.close(HandleKind::shard, handle).has_value());
}

TEST(Handles, OfManyThreadsDoNotMix) {
  Handles handles;
  const std::int64_t contested = handles.add(HandleKind::shard, std::make_shared<int>(0));
  const std::int64_t shared = handles.add(HandleKind::rules, std::make_shared<int>(9));
  std::atomic<int> leased = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 5000; ++i) {
        const std::int64_t own = handles.add(HandleKind::packer, std::make_shared<int>(t));
        EXPECT_EQ(**handles.lease<int>(HandleKind::packer, own), t);
        if (auto lease = handles.lease<int>(HandleKind::shard, contested)) {
          ++**lease;
          ++leased;
        }
        EXPECT_EQ(**handles.share<int>(HandleKind::rules, shared), 9);
        EXPECT_TRUE(handles.close(HandleKind::packer, own).has_value());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(**handles.lease<int>(HandleKind::shard, contested), leased.load()) << "one thread at a time";
  EXPECT_EQ(handles.size(), 2U);
}

}  // namespace
}  // namespace bank::spark

#include "adapters/spark/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/spark/test_records.h"

namespace bank::spark {
namespace {

using testing::HasSubstr;

std::vector<std::string> chunks_of(const std::shared_ptr<const Setup>& of, std::uint64_t seed, std::size_t count,
                                   std::int32_t partition = 0, std::size_t batch = 200) {
  const auto messages = random_stream(seed, count);
  std::vector<std::string> chunks;
  for (std::size_t begin = 0; begin < count; begin += batch) {
    Packer packer(of, 1, "t/");
    const auto part = std::span(messages).subspan(begin, std::min(batch, count - begin));
    EXPECT_TRUE(packer.pack(raw_message(partition, part)).has_value());
    for (Routed& routed : drain(packer)) {
      if (UnpackedChunk unpacked; unpacked.read(routed.chunk) && unpacked.head().kind == ChunkKind::accepted) {
        chunks.push_back(std::move(routed.chunk));
      }
    }
  }
  return chunks;
}

std::vector<std::string> snapshot_of(ShardSession& session, std::size_t room = 5000) {
  std::vector<std::string> pieces;
  std::vector<char> out(room);
  for (bool begin = true;; begin = false) {
    Try<std::int64_t> size = session.snapshot(out, begin);
    if (size && *size < 0) {
      out.resize(static_cast<std::size_t>(-*size));
      size = session.snapshot(out, false);
    }
    EXPECT_TRUE(size.has_value());
    if (!size || *size == 0) return pieces;
    pieces.push_back(text_of(out, *size));
  }
}

std::string judged(ShardSession& session, std::string_view chunk) {
  return judged_bytes(session, [&](std::span<char> out) { return session.judge(chunk, out, now_us); }, 1 << 20);
}

TEST(Session, ASnapshotAndWhatIsReplayedGoOnAsIfNothingHadHappened) {
  for (const std::string options : {"processed=yes\nlateness_us=600000000\n", "processed=yes\nhistories=shared\n"}) {
    const auto of = setup(options);
    std::vector<std::string> chunks = chunks_of(of, 1, 6000);
    const std::vector<std::string> others = chunks_of(of, 2, 6000, 1);
    for (std::size_t i = 0; i < others.size(); ++i) {
      chunks.insert(chunks.begin() + static_cast<std::ptrdiff_t>(2 * i + 1), others[i]);
    }
    ShardSession uninterrupted(of);
    auto restarted = std::make_unique<ShardSession>(of);
    std::vector<std::string> pieces;
    std::vector<std::string> deltas;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      ASSERT_EQ(judged(*restarted, chunks[i]), judged(uninterrupted, chunks[i])) << i;
      deltas.push_back(chunks[i]);
      if (i % 7 == 6) {
        pieces = snapshot_of(*restarted);
        EXPECT_GT(pieces.size(), 1U);
        deltas.clear();
      }
      if (i % 3 == 2) {
        restarted = std::make_unique<ShardSession>(of);
        for (const std::string& piece : pieces) ASSERT_TRUE(restarted->restore(piece).has_value());
        for (const std::string& delta : deltas) ASSERT_TRUE(restarted->replay(delta).has_value());
      }
    }
    EXPECT_EQ(snapshot_of(*restarted, 1 << 20).size(), snapshot_of(uninterrupted, 1 << 20).size());
  }
}

TEST(Session, AnOutcomeWaitsUntilThereIsRoom) {
  const auto of = setup();
  const std::string chunk = chunks_of(of, 1, 200)[0];
  ShardSession reference(of);
  const std::string expected = judged(reference, chunk);
  ShardSession session(of);
  std::vector<char> out(100);
  const Try<std::int64_t> size = session.judge(chunk, out, now_us);
  ASSERT_TRUE(size.has_value());
  EXPECT_EQ(*size, -static_cast<std::int64_t>(expected.size()));
  EXPECT_EQ(*session.take(out), *size) << "still too little";
  const Try<std::int64_t> again = session.judge(chunk, out, now_us);
  ASSERT_FALSE(again.has_value());
  EXPECT_THAT(again.error().message, HasSubstr("take()"));
  out.resize(expected.size());
  EXPECT_EQ(*session.take(out), -*size);
  EXPECT_EQ(text_of(out, -*size), expected);
  EXPECT_FALSE(session.take(out).has_value()) << "it is taken";
}

TEST(Session, RefusesPiecesThatAreDamagedForeignOrOutOfOrder) {
  const auto of = setup();
  ShardSession session(of);
  for (const std::string& chunk : chunks_of(of, 1, 3000)) judged(session, chunk);
  const std::vector<std::string> pieces = snapshot_of(session);
  ASSERT_GT(pieces.size(), 3U);
  const auto refusal = [](ShardSession& into, std::string_view piece) {
    const Try<> restored = into.restore(piece);
    EXPECT_TRUE(restored || restored.error().kind == Fault::Kind::state);
    return restored ? std::string() : restored.error().message;
  };
  for (std::size_t i = 0; i < pieces[0].size(); ++i) {
    ShardSession into(of);
    std::string damaged = pieces[0];
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    ASSERT_NE(refusal(into, damaged), "") << i;
    ASSERT_NE(refusal(into, std::string_view(pieces[0]).substr(0, i)), "") << i;
  }
  {
    ShardSession into(of);
    EXPECT_THAT(refusal(into, pieces[1]), HasSubstr("piece 1 of the snapshot is where piece 0 is due"));
  }
  {
    ShardSession into(of);
    EXPECT_EQ(refusal(into, pieces[0]), "");
    std::vector<char> out(1 << 20);
    const Try<std::int64_t> early = into.judge(chunks_of(of, 1, 10)[0], out, now_us);
    ASSERT_FALSE(early.has_value());
    EXPECT_THAT(early.error().message, HasSubstr("missing"));
    EXPECT_NE(refusal(into, pieces[2]), "");
  }
  {
    ShardSession into(of);
    for (const std::string& piece : pieces) EXPECT_EQ(refusal(into, piece), "");
    EXPECT_THAT(refusal(into, pieces[0]), HasSubstr("none is due"));
  }
  for (const std::string other : {"lateness_us=1\n", "histories=shared\n"}) {
    ShardSession into(setup(other));
    EXPECT_THAT(refusal(into, pieces[0]), HasSubstr("other rules"));
  }
  {
    ShardSession into(
        setup("", "version: 1\nrules:\n  - {id: A, severity: LOW, score: 1, when: count(1h) > 2, reason: r}\n"));
    EXPECT_THAT(refusal(into, pieces[0]), HasSubstr("other rules"));
  }
  EXPECT_NE(refusal(session, pieces[0]), "") << "it has judged";
}

TEST(Session, ReplayTakesNoRejectedChunkAndNoOtherBytes) {
  const auto of = setup();
  ShardSession session(of);
  Packer packer(of, 1, "t/");
  ASSERT_TRUE(packer.pack(raw_message(0, std::vector<Message>{{.value = "x"}})).has_value());
  EXPECT_FALSE(session.replay(drain(packer)[0].chunk).has_value());
  EXPECT_FALSE(session.replay("").has_value());
  EXPECT_FALSE(session.replay(std::string(1000, 'B')).has_value());
  EXPECT_EQ(session.shard().parts().size(), 0U);
}

TEST(Session, JudgingEndsASnapshotThatWasNotFinished) {
  const auto of = setup();
  const auto chunks = chunks_of(of, 1, 2000);
  ShardSession session(of);
  judged(session, chunks[0]);
  std::vector<char> out(4096);
  EXPECT_FALSE(session.snapshot(out, false).has_value()) << "none was begun";
  ASSERT_TRUE(session.snapshot(out, true).has_value());
  judged(session, chunks[1]);
  EXPECT_FALSE(session.snapshot(out, false).has_value());
  EXPECT_FALSE(snapshot_of(session).empty());
}

TEST(Session, PiecesFitIntoTheRoomThatThereIs) {
  const auto of = setup();
  ShardSession session(of);
  for (const std::string& chunk : chunks_of(of, 1, 3000)) judged(session, chunk);
  std::vector<char> out(16 << 10);  // enough for the busiest account
  std::size_t pieces = 0;
  for (bool begin = true;; begin = false) {
    const Try<std::int64_t> size = session.snapshot(out, begin);
    ASSERT_TRUE(size.has_value());
    ASSERT_GE(*size, 0);
    if (*size == 0) break;
    ++pieces;
  }
  EXPECT_GT(pieces, 1U);
}

TEST(Session, TheSnapshotOfANewShardIsOnePieceThatRestores) {
  const auto of = setup();
  ShardSession session(of);
  const auto pieces = snapshot_of(session);
  ASSERT_EQ(pieces.size(), 1U);
  ShardSession other(of);
  EXPECT_TRUE(other.restore(pieces[0]).has_value());
}

TEST(Session, InTheOrderOfEventTimesItSaysWhatFileModeSaysOfSortedRecords) {
  const auto of = setup("processed=yes\ndead_letters=lines\nhistories=shared\n");
  std::map<std::int32_t, std::vector<Message>> files = {{0, random_stream(1, 9000)}, {1, random_stream(2, 3000)}};
  // The same, sorted by hand: refused ones have no say.
  struct Sorted {
    std::int64_t time_us;
    std::int32_t file;
    Message message;
  };
  std::vector<Sorted> all;
  codec::JsonDecoder decoder(of->names);
  codec::TextArena arena;
  for (const auto& [file, messages] : files) {
    for (const Message& message : messages) {
      const std::string padded = message.value + std::string(64, ' ');
      if (const auto decoded = decoder.decode(std::string_view(padded).substr(0, message.value.size()), arena)) {
        all.push_back({decoded->time.us(), file, message});
      }
    }
  }
  std::ranges::stable_sort(all, {}, &Sorted::time_us);
  std::map<std::int32_t, std::vector<Message>> sorted;
  for (std::size_t i = 0; i < all.size(); ++i) sorted[static_cast<std::int32_t>(i)] = {all[i].message};
  const Texts expected = file_mode(sorted, *of).texts;

  ShardSession session(of);
  std::vector<std::string> chunks;
  for (const auto& [file, messages] : files) {
    for (std::size_t begin = 0; begin < messages.size(); begin += 500) {
      Packer packer(of, 1, "topic/");
      ASSERT_TRUE(packer.pack(raw_message(file, std::span(messages).subspan(begin, 500))).has_value());
      for (Routed& routed : drain(packer)) chunks.push_back(std::move(routed.chunk));
    }
  }
  std::mt19937_64 random(1);
  std::ranges::shuffle(chunks, random);  // they come as the shuffle gives them
  for (const std::string& chunk : chunks) ASSERT_TRUE(session.collect(chunk).has_value());
  std::string processed;
  std::int64_t last_us = pipeline::no_time;
  std::uint64_t rejected = 0;
  for (;;) {
    const std::string bytes =
        judged_bytes(session, [&](std::span<char> out) { return session.judge_collected(out, now_us); });
    if (bytes.empty()) break;
    const ReadOutcome outcome = read_outcome(bytes);
    rejected += outcome.rejected;
    for (const Output& output : outcome.outputs) {
      EXPECT_GE(output.time_us, last_us);
      last_us = output.time_us;
      if (output.kind == 1) processed += output.value + "\n";
    }
  }
  EXPECT_EQ(processed, expected.processed);
  EXPECT_GT(rejected, 0U);
}

}  // namespace
}  // namespace bank::spark

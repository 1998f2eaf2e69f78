#include "adapters/kafka/snapshot.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "base/hash.h"

namespace bank::kafka {
namespace {

constexpr std::string_view magic = "BKS3";
/// A replay of fewer records takes less than a second, and is not worth a snapshot.
constexpr std::int64_t worth_records = 1'000'000;
constexpr std::int64_t worth_records_at_end = 200'000;
constexpr auto look_interval = std::chrono::milliseconds(100);

template <typename T>
void put(std::string& out, T value) {
  char bytes[sizeof value];  // NOLINT(modernize-avoid-c-arrays): for memcpy
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

/// Reads what put() wrote, and remembers if there was too little.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  template <typename T>
  T get() {
    T value{};
    const std::string_view bytes = take(sizeof value);
    if (ok_) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  std::string_view take(std::size_t size) {
    if (size > left_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return ok_ && left_.empty(); }

 private:
  std::string_view left_;
  bool ok_ = true;
};

// What is between the head and the hash, if the whole is sound.
std::optional<Reader> open_snapshot(std::string_view snapshot) {
  if (!snapshot.starts_with(magic) || snapshot.size() < magic.size() + sizeof(std::uint64_t)) return std::nullopt;
  const std::string_view body = snapshot.substr(0, snapshot.size() - sizeof(std::uint64_t));
  Reader hash(snapshot.substr(body.size()));
  if (hash.get<std::uint64_t>() != hash64(body)) return std::nullopt;
  return Reader(body.substr(magic.size()));
}

// Whether histories are made alike in both.
bool is_of(Reader& reader, const Partition& partition) {
  const auto history_id = reader.get<std::uint64_t>();
  const auto reach_us = reader.get<std::int64_t>();
  const auto columns = reader.get<std::int64_t>();
  return history_id == partition.lane().engine().plan().history_id() && reach_us == partition.reach_us() &&
         columns == partition.columns();
}

}  // namespace

std::string save_partition(const Partition& partition) {
  std::string out(magic);
  const engine::Engine& engine = partition.lane().engine();
  put(out, engine.plan().history_id());
  put(out, partition.reach_us());
  put(out, partition.columns());
  put(out, partition.position());
  put(out, partition.lineage());
  for (const TrustedTime::Witness& witness : partition.trusted().all()) {
    put(out, witness.account_hash);
    put(out, witness.time_us);
  }
  put(out, static_cast<std::uint64_t>(partition.floor().buckets().size()));
  for (const ReplayFloor::Bucket& bucket : partition.floor().buckets()) {
    put(out, bucket.first_offset);
    put(out, bucket.newest_us);
  }
  put(out, static_cast<std::uint64_t>(partition.floor().outliers().size()));
  for (const ReplayFloor::Outlier& outlier : partition.floor().outliers()) {
    put(out, outlier.offset);
    put(out, outlier.time_us);
    put(out, outlier.account_hash);
  }
  const std::vector<std::string> accounts = engine.accounts();
  put(out, static_cast<std::uint64_t>(accounts.size()));
  for (const std::string& account : accounts) {
    const std::size_t size_at = out.size();
    put(out, std::uint64_t{0});
    engine.save(account, out);
    const std::uint64_t size = out.size() - size_at - sizeof(std::uint64_t);
    std::memcpy(out.data() + size_at, &size, sizeof size);
  }
  put(out, hash64(out));
  return out;
}

std::int64_t snapshot_offset(std::string_view snapshot, const Partition& partition) {
  std::optional<Reader> reader = open_snapshot(snapshot);
  if (!reader || !is_of(*reader, partition)) return -1;
  const auto offset = reader->get<std::int64_t>();
  const bool its_own = reader->get<std::int64_t>() == partition.lineage();
  return reader->ok() && its_own ? offset : -1;
}

Result<void> restore_partition(std::string_view snapshot, Partition& partition) {
  const auto damaged = [] { return fail("the snapshot is damaged"); };
  std::optional<Reader> reader = open_snapshot(snapshot);
  if (!reader) return damaged();
  if (!is_of(*reader, partition)) return fail("the snapshot is of other rules, or of other columns");
  const auto position = reader->get<std::int64_t>();
  const auto lineage = reader->get<std::int64_t>();
  for (std::size_t i = 0; i < TrustedTime::witnesses; ++i) {
    const auto account_hash = reader->get<std::uint64_t>();
    const auto time_us = reader->get<std::int64_t>();
    if (time_us != no_time) partition.trusted().note(account_hash, time_us);
  }
  std::deque<ReplayFloor::Bucket> buckets;
  for (auto left = reader->get<std::uint64_t>(); left > 0 && reader->ok(); --left) {
    const auto first_offset = reader->get<std::int64_t>();
    buckets.push_back({.first_offset = first_offset, .newest_us = reader->get<std::int64_t>()});
  }
  std::vector<ReplayFloor::Outlier> outliers;
  for (auto left = reader->get<std::uint64_t>(); left > 0 && reader->ok(); --left) {
    const auto offset = reader->get<std::int64_t>();
    const auto time_us = reader->get<std::int64_t>();
    outliers.push_back({.offset = offset, .time_us = time_us, .account_hash = reader->get<std::uint64_t>()});
  }
  for (auto left = reader->get<std::uint64_t>(); left > 0 && reader->ok(); --left) {
    const std::string_view saved = reader->take(reader->get<std::uint64_t>());
    if (!reader->ok()) return damaged();
    if (Result<void> restored = partition.lane().engine().restore(std::as_bytes(std::span(saved))); !restored) {
      return restored;
    }
  }
  if (!reader->done() || outliers.size() > ReplayFloor::outliers_max) return damaged();
  partition.floor().restore(std::move(buckets), std::move(outliers));
  partition.set_position(position);
  partition.set_lineage(lineage);
  return {};
}

Snapshots::Snapshots(std::string folder, std::string topic, std::function<std::int64_t(std::int32_t)> committed,
                     std::function<void(const std::string&)> trouble)
    : folder_(std::move(folder)),
      topic_(std::move(topic)),
      committed_(std::move(committed)),
      trouble_(std::move(trouble)),
      thread_([this] { run(); }) {}

Snapshots::~Snapshots() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

std::string Snapshots::path_of(std::int32_t partition) const {
  // A topic's name is letters, digits, dots, dashes and underscores, by Kafka's rules.
  return fmt::format("{}/{}-{}.snapshot", folder_, topic_, partition);
}

// Every so many records that the work of all snapshots stays a fixed part of the work of judging.
void Snapshots::consider(Partition& partition) {
  const std::int64_t floor = partition.replay_point().floor;
  {
    const std::lock_guard lock(mutex_);
    const std::int64_t covered = std::max(covered_[partition.number()], floor);
    const std::int64_t interval = std::max(worth_records, (partition.position() - floor) / 2);
    if (partition.position() - covered < interval) return;
    if (std::ranges::find(waiting_, partition.number(), &Waiting::partition) != waiting_.end()) return;
  }
  take(partition);
}

void Snapshots::consider_last(Partition& partition) {
  const std::int64_t floor = partition.replay_point().floor;
  {
    const std::lock_guard lock(mutex_);
    if (partition.position() - std::max(covered_[partition.number()], floor) < worth_records_at_end) return;
  }
  take(partition);
}

void Snapshots::take(Partition& partition) {
  Waiting snapshot{.partition = partition.number(), .offset = partition.position(), .bytes = save_partition(partition)};
  const std::lock_guard lock(mutex_);
  covered_[partition.number()] = partition.position();
  waiting_.push_back(std::move(snapshot));
  changed_.notify_all();
}

std::string Snapshots::load(std::int32_t partition) const {
  std::ifstream file(path_of(partition), std::ios::binary);
  if (!file) return {};
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return file.bad() ? std::string() : bytes;
}

void Snapshots::run() {
  std::unique_lock lock(mutex_);
  while (!end_ || !waiting_.empty()) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    if (committed_(waiting_.front().partition) < waiting_.front().offset) {
      if (end_) {
        waiting_.pop_front();  // its results were never committed
      } else {
        // It may never be: then the partition has gone to another, and begins anew when it comes back.
        changed_.wait_for(lock, look_interval);
        if (waiting_.size() > 1) std::ranges::rotate(waiting_, waiting_.begin() + 1);
      }
      continue;
    }
    const Waiting snapshot = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    write(snapshot);
    lock.lock();
  }
}

void Snapshots::write(const Waiting& snapshot) {
  const std::string path = path_of(snapshot.partition);
  const std::string temporary = fmt::format("{}.{}", path, getpid());
  constexpr mode_t mode = 0644;
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  bool written = file >= 0;
  std::string_view left = snapshot.bytes;
  while (written && !left.empty()) {
    const ssize_t bytes = ::write(file, left.data(), left.size());
    if (bytes < 0 && errno == EINTR) continue;
    written = bytes > 0;
    if (written) left.remove_prefix(static_cast<std::size_t>(bytes));
  }
  written = written && fdatasync(file) == 0;
  int error_number = written ? 0 : errno;
  if (file >= 0) close(file);
  if (written && rename(temporary.c_str(), path.c_str()) != 0) {
    written = false;
    error_number = errno;
  }
  if (written) return;
  unlink(temporary.c_str());
  if (std::exchange(told_, true)) return;
  trouble_(fmt::format("{}: cannot write this snapshot: {}; the detector goes on without, and a restart takes longer",
                       path, std::generic_category().message(error_number)));
}

}  // namespace bank::kafka

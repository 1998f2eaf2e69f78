#include "generator/produce.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "codec/encode.h"

namespace bank::generator {
namespace {

/// Encodes a block's records one by one.
class Encoder {
 public:
  /// `keyed`: with what KeyedText says of each record.
  Encoder(Format format, bool keyed) : format_(format), keyed_(keyed) {}

  static std::string transactions_header(Format format) {
    return format == Format::csv ? std::string(codec::csv_header()) : std::string();
  }
  static std::string labels_header(Format format) {
    return format == Format::csv ? "transaction_id,scenario,case\n" : std::string();
  }

  void start(const Block& block) {
    block_ = &block;
    next_ = 0;
    next_label_ = 0;
  }
  [[nodiscard]] bool done() const { return block_ == nullptr || next_ == block_->transactions().size(); }

  void encode_next(KeyedText& transactions, std::string& labels, Totals& totals) {
    const model::Transaction& transaction = block_->transactions()[next_];
    const std::size_t begin = transactions.text.size();
    format_ == Format::csv ? codec::append_transaction_csv(transactions.text, transaction)
                           : codec::append_transaction_json(transactions.text, transaction);
    if (keyed_) {
      transactions.accounts += transaction.account_number;
      transactions.records.push_back(
          {transactions.text.size() - begin, transaction.account_number.size(), transaction.time});
    }
    const Label* label = nullptr;
    if (next_label_ < block_->labels().size() && block_->labels()[next_label_].index == next_) {
      label = &block_->labels()[next_label_++];
      append_label(labels, transaction.transaction_id, *label);
    }
    totals.add(transaction, label);
    ++next_;
  }

 private:
  void append_label(std::string& out, std::string_view id, const Label& label) const {
    const std::string_view scenario = to_string(label.scenario);
    const auto end = std::back_inserter(out);
    format_ == Format::csv ? fmt::format_to(end, "{},{},{}\n", id, scenario, label.case_number)
                           : fmt::format_to(end, "{{\"transaction_id\": \"{}\", \"scenario\": \"{}\", \"case\": {}}}\n",
                                            id, scenario, label.case_number);
  }

  Format format_;
  bool keyed_;
  const Block* block_ = nullptr;
  std::size_t next_ = 0;
  std::size_t next_label_ = 0;
};

bool keyed(const Sinks& sinks) { return static_cast<bool>(sinks.keyed_transactions); }

void clear(KeyedText& transactions) {
  transactions.text.clear();
  transactions.accounts.clear();
  transactions.records.clear();
}

Result<void> deliver_labels(const Sinks& sinks, std::string_view labels) {
  return labels.empty() || !sinks.labels ? Result<void>() : sinks.labels(labels);
}

Result<void> deliver(const Sinks& sinks, const KeyedText& transactions, std::string_view labels) {
  if (!transactions.text.empty()) {
    auto written = keyed(sinks) ? sinks.keyed_transactions(transactions) : sinks.transactions(transactions.text);
    if (!written) return written;
  }
  return deliver_labels(sinks, labels);
}

Result<void> deliver_headers(const Sinks& sinks, Format format) {
  const std::string header = Encoder::transactions_header(format);
  if (!header.empty() && !keyed(sinks)) {
    if (auto written = sinks.transactions(header); !written) return written;
  }
  return deliver_labels(sinks, Encoder::labels_header(format));
}

/// What came of a slice, on its way to the sinks.
struct Parcel {
  std::uint64_t ticket = 0;
  bool ready = false;
  KeyedText transactions;
  std::string labels;
  Totals totals;
};

/// Workers take slices in order, and fill and encode them side by side. Whoever finishes the slice whose turn it is
/// delivers it and the finished ones behind it; the others go on meanwhile.
class Workshop {
 public:
  Workshop(Generator& generator, Format format, const std::atomic<bool>& stop, const Sinks& sinks)
      : generator_(generator), format_(format), stop_(stop), sinks_(sinks) {}

  Result<Totals> run(unsigned threads) {
    shelf_.resize(parcels_per_thread * threads);
    {
      std::vector<std::jthread> others;
      for (unsigned i = 1; i < threads; ++i) others.emplace_back([this] { work(); });
      work();
    }
    if (failure_) return std::unexpected(*failure_);
    totals_.stopped = stopped_early_;
    return totals_;
  }

 private:
  static constexpr std::size_t parcels_per_thread = 3;

  void work() {
    Slice slice;
    Block block;
    Encoder encoder(format_, keyed(sinks_));
    Parcel parcel;
    while (const std::optional<std::uint64_t> ticket = take(slice)) {
      generator_.fill(slice, block);
      parcel.ticket = *ticket;
      clear(parcel.transactions);
      parcel.labels.clear();
      parcel.totals = {};
      encoder.start(block);
      while (!encoder.done()) encoder.encode_next(parcel.transactions, parcel.labels, parcel.totals);
      hand_over(parcel);
    }
  }

  std::optional<std::uint64_t> take(Slice& slice) {
    const std::scoped_lock lock(planning_);
    if (!over_ && stop_.load(std::memory_order_relaxed)) {
      stopped_early_ = true;
      over_ = true;
    }
    if (over_ || !generator_.plan(slice)) {
      over_ = true;
      return std::nullopt;
    }
    return tickets_++;
  }

  /// Leaves the parcel on the shelf, in exchange for one whose memory can be used again.
  void hand_over(Parcel& parcel) {
    std::unique_lock lock(delivering_);
    shelf_has_room_.wait(lock, [&] { return parcel.ticket < turn_ + shelf_.size(); });
    parcel.ready = true;
    std::swap(shelf_[parcel.ticket % shelf_.size()], parcel);
    if (someone_delivers_) return;
    someone_delivers_ = true;
    while (shelf_[turn_ % shelf_.size()].ready) {
      Parcel& next = shelf_[turn_ % shelf_.size()];
      lock.unlock();
      deliver_parcel(next);
      lock.lock();
      next.ready = false;
      ++turn_;
      shelf_has_room_.notify_all();
    }
    someone_delivers_ = false;
  }

  /// By one thread at a time.
  void deliver_parcel(const Parcel& parcel) {
    if (failure_) return;
    if (auto delivered = deliver(sinks_, parcel.transactions, parcel.labels); !delivered) {
      failure_ = delivered.error();
      over_ = true;
      return;
    }
    totals_.add(parcel.totals);
    if (sinks_.progress) sinks_.progress(totals_);
  }

  Generator& generator_;
  const Format format_;
  const std::atomic<bool>& stop_;
  const Sinks& sinks_;

  std::mutex planning_;
  std::uint64_t tickets_ = 0;
  bool stopped_early_ = false;
  std::atomic<bool> over_ = false;

  std::mutex delivering_;  // of shelf_, turn_ and someone_delivers_
  std::condition_variable shelf_has_room_;
  std::vector<Parcel> shelf_;  // by ticket, modulo its size
  std::uint64_t turn_ = 0;     // the ticket that is delivered next
  bool someone_delivers_ = false;
  Totals totals_;  // this and failure_: of whoever delivers
  std::optional<Error> failure_;
};

/// Sleeps in short pieces, so that a request to stop is heard. False if one came.
bool sleep_until(Clock& clock, std::int64_t deadline_ns, const std::atomic<bool>& stop) {
  constexpr std::int64_t piece_ns = 100'000'000;
  while (!stop.load(std::memory_order_relaxed)) {
    const std::int64_t now_ns = clock.monotonic_ns();
    if (now_ns >= deadline_ns) return true;
    clock.sleep_until_ns(std::min(deadline_ns, now_ns + piece_ns));
  }
  return false;
}

}  // namespace

void Totals::add(const model::Transaction& transaction, const Label* label) {
  ++transactions;
  if (!first) first = transaction.time;
  last = transaction.time;
  if (label == nullptr) return;
  ++fraudulent[static_cast<std::size_t>(label->scenario)];
  if (label->opens_case) ++cases[static_cast<std::size_t>(label->scenario)];
}

void Totals::add(const Totals& other) {
  transactions += other.transactions;
  for (std::size_t i = 0; i < scenario_count; ++i) {
    fraudulent[i] += other.fraudulent[i];
    cases[i] += other.cases[i];
  }
  if (!first) first = other.first;
  if (other.last) last = other.last;
}

Result<Totals> produce(Generator& generator, Format format, unsigned threads, const std::atomic<bool>& stop,
                       const Sinks& sinks) {
  BANK_ASSERT(threads >= 1);
  if (auto written = deliver_headers(sinks, format); !written) return std::unexpected(written.error());
  return Workshop(generator, format, stop, sinks).run(threads);
}

Result<Totals> produce_paced(Generator& generator, Format format, Clock& clock, const std::atomic<bool>& stop,
                             const Sinks& sinks, std::int64_t begun_ago_ns) {
  BANK_ASSERT(generator.options().per_second.has_value());
  constexpr std::int64_t least_pause_ns = 1'000'000;
  constexpr std::size_t most_bytes_at_once = 1 << 20;
  const double per_second = *generator.options().per_second;
  if (auto written = deliver_headers(sinks, format); !written) return std::unexpected(written.error());

  const std::int64_t start_ns = clock.monotonic_ns() - begun_ago_ns;
  const auto due_ns = [&](std::uint64_t n) {
    return start_ns + static_cast<std::int64_t>(static_cast<double>(n) * 1e9 / per_second);
  };
  std::int64_t earliest_ns = start_ns;  // of the next delivery
  Totals totals;
  Block block;
  Encoder encoder(format, keyed(sinks));
  const auto more = [&] {  // Whether there is another record to encode.
    while (encoder.done()) {
      if (!generator.next(block)) return false;
      encoder.start(block);
    }
    return true;
  };
  KeyedText transactions;
  std::string labels;
  while (more()) {
    if (!sleep_until(clock, std::max(due_ns(totals.transactions), earliest_ns), stop)) {
      totals.stopped = true;
      return totals;
    }
    const std::int64_t now_ns = clock.monotonic_ns();
    clear(transactions);
    labels.clear();
    while (transactions.text.size() < most_bytes_at_once && due_ns(totals.transactions) <= now_ns && more()) {
      encoder.encode_next(transactions, labels, totals);
    }
    if (auto delivered = deliver(sinks, transactions, labels); !delivered) return std::unexpected(delivered.error());
    if (sinks.progress) sinks.progress(totals);
    if (transactions.text.size() < most_bytes_at_once) earliest_ns = now_ns + least_pause_ns;
  }
  return totals;
}

}  // namespace bank::generator

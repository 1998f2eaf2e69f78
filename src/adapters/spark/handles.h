// What Java holds by number. A number is of one kind, is never given twice, and is worth nothing once it is closed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "adapters/spark/fault.h"

namespace bank::spark {

/// The highest byte of a handle.
enum class HandleKind : std::uint8_t { rules = 0x52, packer = 0x50, shard = 0x53 };

/// Thread-safe.
class Handles {
 private:
  struct Held {
    explicit Held(std::shared_ptr<void> object_held) : object(std::move(object_held)) {}
    std::shared_ptr<void> object;
    std::atomic<bool> used = false;
    std::atomic<bool> broken = false;
  };

 public:
  /// An object while one thread has it to itself.
  template <typename T>
  class Lease {
   public:
    explicit Lease(std::shared_ptr<Held> held) : held_(std::move(held)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (held_) held_->used.store(false, std::memory_order_release);
    }
    T* operator->() const { return static_cast<T*>(held_->object.get()); }
    T& operator*() const { return *operator->(); }
    /// From now on it can be closed, and nothing else.
    void spoil() const { held_->broken = true; }

   private:
    std::shared_ptr<Held> held_;
  };

  [[nodiscard]] std::int64_t add(HandleKind kind, std::shared_ptr<void> object);

  /// Faults (border): a number that is no open handle of this kind, or one that another thread is using; (state): one
  /// that was spoilt.
  template <typename T>
  [[nodiscard]] Try<Lease<T>> lease(HandleKind kind, std::int64_t handle) {
    Try<std::shared_ptr<Held>> held = find(kind, handle, false);
    if (!held) return std::unexpected(held.error());
    return Lease<T>(std::move(*held));
  }
  /// For what any number of threads may use at once. Faults (border): no open handle of this kind.
  template <typename T>
  [[nodiscard]] Try<std::shared_ptr<T>> share(HandleKind kind, std::int64_t handle) const {
    Try<std::shared_ptr<Held>> held = look_up(kind, handle);
    if (!held) return std::unexpected(held.error());
    return std::static_pointer_cast<T>((*held)->object);
  }
  /// The faults of lease(), but that what was spoilt can be closed.
  [[nodiscard]] Try<> close(HandleKind kind, std::int64_t handle);

  /// How many are open.
  [[nodiscard]] std::size_t size() const;

 private:
  [[nodiscard]] Try<std::shared_ptr<Held>> look_up(HandleKind kind, std::int64_t handle) const;
  [[nodiscard]] Try<std::shared_ptr<Held>> find(HandleKind kind, std::int64_t handle, bool to_close);

  mutable std::mutex mutex_;
  std::unordered_map<std::int64_t, std::shared_ptr<Held>> held_;
  std::uint64_t next_ = 1;
};

}  // namespace bank::spark

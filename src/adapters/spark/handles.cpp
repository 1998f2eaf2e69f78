#include "adapters/spark/handles.h"

#include <fmt/format.h>

#include <string_view>

namespace bank::spark {
namespace {

constexpr unsigned kind_shift = 56;

std::string_view name_of(HandleKind kind) {
  switch (kind) {
    case HandleKind::rules: return "rules";
    case HandleKind::packer: return "a packer";
    case HandleKind::shard: return "a shard";
  }
  return "";
}

}  // namespace

std::int64_t Handles::add(HandleKind kind, std::shared_ptr<void> object) {
  auto held = std::make_shared<Held>(std::move(object));
  const std::lock_guard lock(mutex_);
  const auto handle = static_cast<std::int64_t>(std::uint64_t{static_cast<std::uint8_t>(kind)} << kind_shift | next_++);
  held_.emplace(handle, std::move(held));
  return handle;
}

Try<std::shared_ptr<Handles::Held>> Handles::look_up(HandleKind kind, std::int64_t handle) const {
  const std::lock_guard lock(mutex_);
  const auto found = held_.find(handle);
  const auto kind_given = static_cast<std::uint64_t>(handle) >> kind_shift;
  if (found == held_.end() || kind_given != static_cast<std::uint64_t>(kind)) {
    return bad_border(
        fmt::format("the handle {:#x} is not {}, or is closed", static_cast<std::uint64_t>(handle), name_of(kind)));
  }
  return found->second;
}

Try<std::shared_ptr<Handles::Held>> Handles::find(HandleKind kind, std::int64_t handle, bool to_close) {
  Try<std::shared_ptr<Held>> held = look_up(kind, handle);
  if (!held) return held;
  if ((*held)->used.exchange(true, std::memory_order_acquire)) {
    return bad_border(fmt::format("the handle {:#x} is in use by another thread", static_cast<std::uint64_t>(handle)));
  }
  if (to_close) {
    const std::lock_guard lock(mutex_);
    held_.erase(handle);
  } else if ((*held)->broken) {
    (*held)->used = false;
    return bad_state(fmt::format("the handle {:#x} is of no more use after its last error; close it",
                                 static_cast<std::uint64_t>(handle)));
  }
  return held;
}

Try<> Handles::close(HandleKind kind, std::int64_t handle) {
  const Try<std::shared_ptr<Held>> held = find(kind, handle, true);  // the last one to hold it
  if (!held) return std::unexpected(held.error());
  return {};
}

std::size_t Handles::size() const {
  const std::lock_guard lock(mutex_);
  return held_.size();
}

}  // namespace bank::spark

#include "adapters/file/buffers.h"

#include <algorithm>
#include <new>
#include <utility>

#include "pipeline/ports.h"

namespace bank::file {
namespace {
constexpr std::align_val_t page{4096};
}

Buffer::Buffer(std::size_t capacity)
    : block_(static_cast<char*>(::operator new(headroom + capacity + pipeline::padding, page))), capacity_(capacity) {
  std::fill_n(data() + capacity, pipeline::padding, '\0');
}

void Buffer::Free::operator()(char* block) const { ::operator delete(block, page); }

Buffer BufferPool::take(std::size_t capacity) {
  if (capacity <= standard_) {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      Buffer buffer = std::move(free_.back());
      free_.pop_back();
      return buffer;
    }
  }
  return Buffer(std::max(capacity, standard_));
}

void BufferPool::give(Buffer buffer) {
  if (buffer.capacity() != standard_) return;
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(buffer));
}

}  // namespace bank::file

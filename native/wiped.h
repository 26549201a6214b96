// SPDX-License-Identifier: Apache-2.0
// Memory for secrets: overwritten with zeros before it is given back, also when a container grows.
#pragma once

#include <string.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace cloudtaser {

template <typename T>
struct WipingAllocator {
  using value_type = T;

  WipingAllocator() = default;
  template <typename Other>
  WipingAllocator(const WipingAllocator<Other>&) {}

  T* allocate(size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, size_t count) {
    explicit_bzero(memory, count * sizeof(T));
    std::allocator<T>().deallocate(memory, count);
  }
  template <typename Other>
  bool operator==(const WipingAllocator<Other>&) const {
    return true;
  }
  template <typename Other>
  bool operator!=(const WipingAllocator<Other>&) const {
    return false;
  }
};

using SecretBytes = std::vector<uint8_t, WipingAllocator<uint8_t>>;

}  // namespace cloudtaser

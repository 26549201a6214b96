// SPDX-License-Identifier: Apache-2.0
// The records that one wake-up takes out of a ring, one behind the other. Only those of the length that was agreed on
// are read; of all others there is the number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cloudtaser {

struct Batch {
  size_t record_size = 0;
  size_t limit = 0;
  size_t count = 0;
  size_t malformed = 0;
  std::vector<uint8_t> records;

  // False if there is no room for another after it.
  bool Take(const void* data, size_t size) {
    if (size == record_size) {
      auto* bytes = static_cast<const uint8_t*>(data);
      records.insert(records.end(), bytes, bytes + size);
      ++count;
    } else {
      ++malformed;
    }
    return taken() < limit;
  }

  size_t taken() const { return count + malformed; }

  void Restart(size_t most) {
    limit = most;
    count = malformed = 0;
    records.clear();
  }
};

}  // namespace cloudtaser

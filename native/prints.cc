// SPDX-License-Identifier: Apache-2.0
// Windows, anchors and fingerprint of a form: see prints.h. The hashes are the kernel's own.
#include "prints.h"

#include <algorithm>
#include <cstring>

#include "../bpf/abi_leak.h"
#include "../bpf/leak_hash.h"

namespace cloudtaser {

namespace {

using Offsets = std::vector<std::pair<int, size_t>>;

__u64 WindowAt(const SecretBytes& form, size_t offset) {
  __u64 window;
  memcpy(&window, form.data() + offset, sizeof(window));
  return window;
}

// How many different bytes stand in a window. One of few is common in other text, where it would cost comparisons.
int Variety(const uint8_t* window) {
  int found = 0;
  for (size_t i = 0; i < CT_LEAK_WINDOW; ++i) found += std::find(window, window + i, window[i]) == window + i;
  return found;
}

std::vector<Candidate> CandidatesOf(const SecretBytes& form, const Offsets& order, size_t wanted, const Key& key) {
  std::vector<Candidate> candidates;
  for (size_t i = 0; i < wanted; ++i) {
    size_t offset = order[i].second;
    __u64 window = WindowAt(form, offset);
    __u64 hash = ct_leak_anchor_hash(window, key.half[0], key.half[1]);
    // Of equal windows one is enough.
    auto same = [hash](const Candidate& known) { return known.window == hash; };
    if (std::any_of(candidates.begin(), candidates.end(), same)) continue;
    __u32 bit = ct_leak_anchor_bit(ct_leak_mix(window, key.half[0], key.half[1]));
    candidates.push_back({hash, bit, static_cast<__u32>(offset)});
  }
  return candidates;
}

}  // namespace

Print PrintOf(const SecretBytes& form, const Key& key) {
  Print print;
  size_t count = form.size() - CT_LEAK_WINDOW + 1;
  Offsets order;
  print.windows.reserve(count);
  order.reserve(count);
  for (size_t offset = 0; offset < count; ++offset) {
    print.windows.push_back(ct_leak_window_bit(ct_leak_mix(WindowAt(form, offset), key.half[0], key.half[1])));
    order.emplace_back(-Variety(form.data() + offset), offset);
  }
  std::sort(print.windows.begin(), print.windows.end());
  size_t wanted = std::min(count, kMaxCandidates);
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(wanted), order.end());
  print.length = static_cast<__u32>(form.size());
  print.fingerprint = ct_leak_fingerprint(form.data(), print.length, key.half[0], key.half[1]);
  print.candidates = CandidatesOf(form, order, wanted, key);
  return print;
}

}  // namespace cloudtaser

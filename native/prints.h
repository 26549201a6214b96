// SPDX-License-Identifier: Apache-2.0
// What the kernel knows one form of a secret by: windows, candidates for its anchor, fingerprint. No JavaScript in it.
#pragma once

#include <linux/types.h>

#include "forms.h"

namespace cloudtaser {

struct Key {
  __u64 half[2];
};

// As src/kernel/fingerprints.ts reads it.
struct Candidate {
  __u64 window;
  __u32 anchor_bit;
  __u32 offset;
};
static_assert(sizeof(Candidate) == 16, "no hidden padding");

struct Print {
  __u32 length;
  __u64 fingerprint;
  // In rising order: in that of the form they would say more of it than any table in the kernel does.
  std::vector<__u32> windows;
  // Best first.
  std::vector<Candidate> candidates;
};

// Windows of a form that are offered as its anchor. Many, since forms of one secret share some.
constexpr size_t kMaxCandidates = 64;

// Of a form that FormsOf() has made.
Print PrintOf(const SecretBytes& form, const Key& key);

}  // namespace cloudtaser

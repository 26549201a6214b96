// SPDX-License-Identifier: Apache-2.0
// A secret in every encoding in which it is looked for. Pure functions; nothing of JavaScript or BPF.
#pragma once

#include <vector>

#include "wiped.h"

namespace cloudtaser {

struct SecretForm {
  SecretBytes bytes;
  // enum ct_leak_encoding.
  uint32_t encoding;
};

// At most this many pieces of a form that is longer than CT_LEAK_FORM_MAX, spread over its length, both ends among
// them.
constexpr size_t kMaxPieces = 8;

// Each one once, of CT_LEAK_FORM_MIN to CT_LEAK_FORM_MAX bytes, the plain ones first. `size` is at least
// CT_LEAK_FORM_MIN.
std::vector<SecretForm> FormsOf(const uint8_t* secret, size_t size);

}  // namespace cloudtaser

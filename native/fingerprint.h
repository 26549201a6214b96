// SPDX-License-Identifier: Apache-2.0
// From a secret to what the kernel knows it by. The only part of the addon that sees a secret.
#pragma once

#include <napi.h>

namespace cloudtaser {

// (secret, key): Fingerprint[], one for each form. Overwrites the caller's secret with zeros, also when it throws.
Napi::Value Fingerprints(const Napi::CallbackInfo& info);

}  // namespace cloudtaser

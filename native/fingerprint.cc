// SPDX-License-Identifier: Apache-2.0
// Windows, anchors and fingerprints of each form: see fingerprint.h. The hashes are the kernel's own.
#include "fingerprint.h"

#include <linux/types.h>

#include <algorithm>
#include <cstring>

#include "../bpf/abi_leak.h"
#include "../bpf/leak_hash.h"
#include "arguments.h"
#include "error.h"
#include "forms.h"

namespace cloudtaser {

namespace {

constexpr size_t kMaxSecret = 64 * 1024;

// Windows of a form that are offered as its anchor. Many, since forms of one secret share some.
constexpr size_t kMaxCandidates = 64;

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

template <typename T>
Napi::Value BytesFrom(Napi::Env env, const std::vector<T>& values) {
  return Napi::Buffer<uint8_t>::Copy(env, reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T));
}

Napi::Value Describe(Napi::Env env, const SecretForm& form, const Key& key) {
  const SecretBytes& bytes = form.bytes;
  size_t count = bytes.size() - CT_LEAK_WINDOW + 1;
  std::vector<__u32> windows;
  Offsets order;
  windows.reserve(count);
  order.reserve(count);
  for (size_t offset = 0; offset < count; ++offset) {
    windows.push_back(ct_leak_window_bit(ct_leak_mix(WindowAt(bytes, offset), key.half[0], key.half[1])));
    order.emplace_back(-Variety(bytes.data() + offset), offset);
  }
  // In the order of the form they would say more of it than any table in the kernel does.
  std::sort(windows.begin(), windows.end());
  size_t wanted = std::min(count, kMaxCandidates);
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(wanted), order.end());

  auto length = static_cast<__u32>(bytes.size());
  __u64 fingerprint = ct_leak_fingerprint(bytes.data(), length, key.half[0], key.half[1]);
  Napi::Object result = Napi::Object::New(env);
  result.Set("encoding", form.encoding);
  result.Set("length", length);
  result.Set("fingerprint", Napi::BigInt::New(env, static_cast<uint64_t>(fingerprint)));
  result.Set("windows", BytesFrom(env, windows));
  result.Set("candidates", BytesFrom(env, CandidatesOf(bytes, order, wanted, key)));
  return result;
}

// Takes the secret over, and leaves zeros where it was.
SecretBytes Take(const Napi::Value& value) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) return {};
  Napi::Uint8Array array = value.As<Napi::Uint8Array>();
  SecretBytes secret(array.Data(), array.Data() + array.ByteLength());
  explicit_bzero(array.Data(), array.ByteLength());
  return secret;
}

}  // namespace

Napi::Value Fingerprints(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "fingerprints");
  // Before anything can fail.
  SecretBytes secret = Take(info[0]);
  args.BytesOf(0, "secret");
  Bytes given = args.BytesOf(1, "key", sizeof(Key));
  if (!args.bad() && (secret.size() < CT_LEAK_FORM_MIN || secret.size() > kMaxSecret)) {
    args.Refuse("secret", "must be " + std::to_string(CT_LEAK_FORM_MIN) + " to " + std::to_string(kMaxSecret) +
                              " bytes long, is " + std::to_string(secret.size()));
  }
  if (args.bad()) return env.Undefined();
  Key key;
  memcpy(&key, given.data, sizeof(key));
  Napi::Array list = Napi::Array::New(env);
  for (const SecretForm& form : FormsOf(secret.data(), secret.size()))
    list.Set(list.Length(), Describe(env, form, key));
  explicit_bzero(&key, sizeof(key));
  return list;
}

}  // namespace cloudtaser

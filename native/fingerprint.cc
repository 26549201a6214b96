// SPDX-License-Identifier: Apache-2.0
// A secret in, what the kernel knows each of its forms by out: see fingerprint.h.
#include "fingerprint.h"

#include <linux/types.h>

#include <cstring>

#include "../bpf/abi_leak.h"
#include "arguments.h"
#include "error.h"
#include "prints.h"

namespace cloudtaser {

namespace {

constexpr size_t kMaxSecret = 64 * 1024;

template <typename T>
Napi::Value BytesFrom(Napi::Env env, const std::vector<T>& values) {
  return Napi::Buffer<uint8_t>::Copy(env, reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T));
}

Napi::Value Describe(Napi::Env env, const SecretForm& form, const Key& key) {
  Print print = PrintOf(form.bytes, key);
  Napi::Object result = Napi::Object::New(env);
  result.Set("encoding", form.encoding);
  result.Set("length", print.length);
  result.Set("fingerprint", Napi::BigInt::New(env, static_cast<uint64_t>(print.fingerprint)));
  result.Set("windows", BytesFrom(env, print.windows));
  result.Set("candidates", BytesFrom(env, print.candidates));
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

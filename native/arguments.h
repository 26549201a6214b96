// SPDX-License-Identifier: Apache-2.0
// Checked reading of a call's arguments. The first bad one throws BAD_ARGUMENT; then bad() is true and every further
// read returns an empty value, so a method reads all and asks once.
#pragma once

#include <napi.h>

#include <cstdint>
#include <string>
#include <vector>

namespace cloudtaser {

// Borrowed: valid for the duration of the call.
struct Bytes {
  const uint8_t* data = nullptr;
  size_t size = 0;
};

class Arguments {
 public:
  Arguments(const Napi::CallbackInfo& info, const char* function) : info_(info), function_(function) {}

  // No NUL inside: every text here ends in a C API.
  std::string Text(size_t index, const char* name);
  std::vector<std::string> Texts(size_t index, const char* name);
  int64_t Integer(size_t index, const char* name, int64_t min, int64_t max);
  // A property of the object at `index`.
  int64_t IntegerOf(size_t index, const char* property, int64_t min, int64_t max);
  bool Boolean(size_t index, const char* name);
  Bytes BytesOf(size_t index, const char* name);
  // `size` is what the kernel will read or write: anything else would be memory that is not ours.
  Bytes BytesOf(size_t index, const char* name, size_t size);
  Napi::Function Callback(size_t index, const char* name);
  bool Given(size_t index) const { return info_.Length() > index && !info_[index].IsUndefined(); }

  void Refuse(const std::string& name, const std::string& problem);
  bool bad() const { return bad_; }

 private:
  std::string TextFrom(const Napi::Value& value, const char* name);
  int64_t IntegerFrom(const Napi::Value& value, const char* name, int64_t min, int64_t max);

  const Napi::CallbackInfo& info_;
  const char* function_;
  bool bad_ = false;
};

}  // namespace cloudtaser

// SPDX-License-Identifier: Apache-2.0
// Checked arguments: see arguments.h.
#include "arguments.h"

#include <cmath>

#include "error.h"

namespace cloudtaser {

void Arguments::Refuse(const std::string& name, const std::string& problem) {
  if (!bad_) ThrowBadArgument(info_.Env(), std::string(function_) + "(" + name + ")", problem);
  bad_ = true;
}

std::string Arguments::TextFrom(const Napi::Value& value, const char* name) {
  if (bad_) return {};
  if (!value.IsString()) {
    Refuse(name, "must be a string");
    return {};
  }
  std::string text = value.As<Napi::String>().Utf8Value();
  if (text.find('\0') != std::string::npos) {
    Refuse(name, "must not contain a NUL character");
    return {};
  }
  return text;
}

int64_t Arguments::IntegerFrom(const Napi::Value& value, const char* name, int64_t min, int64_t max) {
  if (bad_) return min;
  double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  // The largest int64_t is no double: as one it is 2^63, which does not fit.
  bool fits = number >= static_cast<double>(min) && number <= static_cast<double>(max) && number < 0x1p63;
  if (fits && number == std::trunc(number)) {
    return static_cast<int64_t>(number);
  }
  Refuse(name, "must be an integer from " + std::to_string(min) + " to " + std::to_string(max));
  return min;
}

std::string Arguments::Text(size_t index, const char* name) { return TextFrom(info_[index], name); }

std::vector<std::string> Arguments::Texts(size_t index, const char* name) {
  std::vector<std::string> texts;
  if (bad_) return texts;
  if (!info_[index].IsArray()) {
    Refuse(name, "must be an array of strings");
    return texts;
  }
  Napi::Array array = info_[index].As<Napi::Array>();
  for (uint32_t i = 0; i < array.Length() && !bad_; ++i) {
    Napi::Value element = array.Get(i);
    if (info_.Env().IsExceptionPending()) {
      bad_ = true;
      break;
    }
    texts.push_back(TextFrom(element, name));
  }
  return texts;
}

int64_t Arguments::Integer(size_t index, const char* name, int64_t min, int64_t max) {
  return IntegerFrom(info_[index], name, min, max);
}

int64_t Arguments::IntegerOf(size_t index, const char* property, int64_t min, int64_t max) {
  if (bad_) return min;
  if (!info_[index].IsObject()) {
    Refuse(property, "is missing: its argument must be an object");
    return min;
  }
  Napi::Value value = info_[index].As<Napi::Object>().Get(property);
  if (info_.Env().IsExceptionPending()) {
    bad_ = true;
    return min;
  }
  return IntegerFrom(value, property, min, max);
}

bool Arguments::Boolean(size_t index, const char* name) {
  if (bad_) return false;
  if (info_[index].IsBoolean()) return info_[index].As<Napi::Boolean>().Value();
  Refuse(name, "must be true or false");
  return false;
}

Bytes Arguments::BytesOf(size_t index, const char* name) {
  if (bad_) return {};
  if (!info_[index].IsTypedArray() || info_[index].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    Refuse(name, "must be a Uint8Array");
    return {};
  }
  Napi::Uint8Array array = info_[index].As<Napi::Uint8Array>();
  return {array.Data(), array.ByteLength()};
}

Bytes Arguments::BytesOf(size_t index, const char* name, size_t size) {
  Bytes bytes = BytesOf(index, name);
  if (!bad_ && bytes.size != size) {
    Refuse(name, "must be " + std::to_string(size) + " bytes long, is " + std::to_string(bytes.size));
  }
  return bytes;
}

Napi::Function Arguments::Callback(size_t index, const char* name) {
  if (!bad_ && info_[index].IsFunction()) return info_[index].As<Napi::Function>();
  Refuse(name, "must be a function");
  return {};
}

}  // namespace cloudtaser

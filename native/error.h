// SPDX-License-Identifier: Apache-2.0
// The only way from C++ to a JavaScript exception: an Error with code, errno, target and log (NativeError in
// src/kernel/native.ts). Each Throw* returns undefined, so that a method can `return ThrowErrno(...)`.
#pragma once

#include <napi.h>

#include <string>

namespace cloudtaser {

// `error` may be errno or libbpf's negative form of it. `doing` is a verb phrase: "load", "attach", "open map".
Napi::Value ThrowErrno(Napi::Env env, int error, const char* doing, const std::string& target,
                       const std::string& log = {});
Napi::Value ThrowClosed(Napi::Env env, const std::string& target);
// `problem` is a whole sentence about `argument`.
Napi::Value ThrowBadArgument(Napi::Env env, const std::string& argument, const std::string& problem);

// The same Error, made but not thrown, for what happens outside any JavaScript call.
Napi::Error ErrnoError(Napi::Env env, int error, const char* doing, const std::string& target,
                       const std::string& log = {});

// What libbpf prints on this thread during its lifetime; libbpf adds the verifier's log to that after a refused load.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  const std::string& text() const { return text_; }

  // Makes libbpf print to captures instead of stderr. The setting is the process's; it may be made again.
  static void Install();

 private:
  friend int AppendToCapture(const char* text, size_t size);
  std::string text_;
  LogCapture* outer_;
};

}  // namespace cloudtaser

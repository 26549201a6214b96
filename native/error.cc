// SPDX-License-Identifier: Apache-2.0
// Errors and libbpf's log: see error.h.
#include "error.h"

#include <bpf/libbpf.h>
#include <string.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace cloudtaser {

namespace {

constexpr size_t kMaxLog = 64 * 1024;
// Kernel-internal, but bpf(2) lets it through; no libc has a name for it.
constexpr int kEnotsupp = 524;

thread_local LogCapture* current_capture = nullptr;

std::string CodeOf(int error) {
  static constexpr const char* kLibbpf[] = {"LIBELF",   "FORMAT",  "KVERSION", "ENDIAN",   "INTERNAL",
                                            "RELOC",    "LOAD",    "VERIFY",   "PROG2BIG", "KVER",
                                            "PROGTYPE", "WRNGPID", "INVSEQ",   "NLPARSE"};
  if (error >= __LIBBPF_ERRNO__START && error < __LIBBPF_ERRNO__END) {
    return std::string("LIBBPF_") + kLibbpf[error - __LIBBPF_ERRNO__START];
  }
  if (error == kEnotsupp) return "ENOTSUPP";
  const char* name = strerrorname_np(error);
  return name != nullptr ? name : "ERRNO_" + std::to_string(error);
}

std::string ReasonOf(int error) {
  if (error == kEnotsupp) return "Operation is not supported by this kernel";
  char text[128] = "";
  libbpf_strerror(error, text, sizeof(text));
  return text;
}

Napi::Error Make(Napi::Env env, const std::string& code, int error, const std::string& message,
                 const std::string& target, const std::string& log) {
  Napi::Error made = Napi::Error::New(env, code + ": " + message);
  made.Set("code", Napi::String::New(env, code));
  made.Set("errno", Napi::Number::New(env, error));
  made.Set("target", Napi::String::New(env, target));
  made.Set("log", Napi::String::New(env, log));
  return made;
}

}  // namespace

Napi::Error ErrnoError(Napi::Env env, int error, const char* doing, const std::string& target, const std::string& log) {
  error = std::abs(error);
  std::string subject = target.empty() ? doing : std::string(doing) + " " + target;
  return Make(env, CodeOf(error), error, subject + ": " + ReasonOf(error), target, log);
}

Napi::Value ThrowErrno(Napi::Env env, int error, const char* doing, const std::string& target, const std::string& log) {
  ErrnoError(env, error, doing, target, log).ThrowAsJavaScriptException();
  return env.Undefined();
}

Napi::Value ThrowClosed(Napi::Env env, const std::string& target) {
  Make(env, "CLOSED", 0, target + " was closed", target, "").ThrowAsJavaScriptException();
  return env.Undefined();
}

Napi::Value ThrowBadArgument(Napi::Env env, const std::string& argument, const std::string& problem) {
  Make(env, "BAD_ARGUMENT", 0, argument + " " + problem, argument, "").ThrowAsJavaScriptException();
  return env.Undefined();
}

int AppendToCapture(const char* text, size_t size) {
  std::string& log = current_capture->text_;
  log.append(text, size);
  // The end says what was refused; what comes before is how the verifier got there.
  if (log.size() > kMaxLog) log.erase(0, log.size() - kMaxLog);
  return static_cast<int>(size);
}

static int Print(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (current_capture == nullptr || level == LIBBPF_DEBUG) return 0;
  va_list again;
  va_copy(again, arguments);
  char line[512];
  int size = vsnprintf(line, sizeof(line), format, arguments);
  if (size >= static_cast<int>(sizeof(line))) {
    std::vector<char> whole(static_cast<size_t>(size) + 1);
    vsnprintf(whole.data(), whole.size(), format, again);
    AppendToCapture(whole.data(), static_cast<size_t>(size));
  } else if (size > 0) {
    AppendToCapture(line, static_cast<size_t>(size));
  }
  va_end(again);
  return size;
}

LogCapture::LogCapture() : outer_(current_capture) { current_capture = this; }
LogCapture::~LogCapture() { current_capture = outer_; }
void LogCapture::Install() { libbpf_set_print(Print); }

}  // namespace cloudtaser

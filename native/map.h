// SPDX-License-Identifier: Apache-2.0
// A map by a descriptor of its own: closing the object that it came from, or a ring on it, does not concern it.
#pragma once

#include <linux/bpf.h>

#include <memory>
#include <string>

#include "arguments.h"
#include "environment.h"
#include "fd.h"

namespace cloudtaser {

// The values of an array, each padded to 8 bytes, for as long as this lives.
class Mapping {
 public:
  Mapping(int fd, size_t size);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  // False, with errno set, if there is none.
  explicit operator bool() const;
  uint8_t* bytes() const { return static_cast<uint8_t*>(at_); }

 private:
  size_t size_;
  void* at_;
};

class Map final : public Handle<Map> {
 public:
  struct Parts {
    Fd fd;
    std::string name;
    uint32_t key_size = 0;
    uint32_t value_size = 0;
    uint32_t max_entries = 0;
    uint32_t flags = 0;
    // Of one look-up: a per-CPU map moves a value for every possible CPU, each padded to 8 bytes.
    size_t transfer_size = 0;
  };

  static Napi::Function Define(Napi::Env env);
  static Napi::Value OpenPinned(const Napi::CallbackInfo& info);
  // `name` may be empty: then it is the kernel's (15 characters). Throws if fd is no map.
  static Napi::Value FromFd(Napi::Env env, Fd fd, const std::string& name);
  // 0, or -1 with errno; EINVAL if what `fd` refers to is no map.
  static int ReadInfo(int fd, struct bpf_map_info* info);
  // Throws BAD_ARGUMENT through `args` if the argument is no map, CLOSED if it is closed; null then.
  static Map* At(const Napi::CallbackInfo& info, Arguments& args, size_t index);

  explicit Map(const Napi::CallbackInfo& info);
  void CloseNow() override {
    mapping_.reset();
    parts_.fd.Reset();
  }
  const Parts& parts() const { return parts_; }

 private:
  Napi::Value GetName(const Napi::CallbackInfo& info);
  Napi::Value GetFd(const Napi::CallbackInfo& info);
  Napi::Value GetKeySize(const Napi::CallbackInfo& info);
  Napi::Value GetValueSize(const Napi::CallbackInfo& info);
  Napi::Value Lookup(const Napi::CallbackInfo& info);
  Napi::Value Update(const Napi::CallbackInfo& info);
  Napi::Value SetBits(const Napi::CallbackInfo& info);
  Napi::Value ReadBits(const Napi::CallbackInfo& info);
  Napi::Value ReplaceBits(const Napi::CallbackInfo& info);
  Napi::Value Delete(const Napi::CallbackInfo& info);
  Napi::Value Keys(const Napi::CallbackInfo& info);
  Napi::Value Pin(const Napi::CallbackInfo& info);
  Napi::Value Info(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo&) { CloseNow(); }

  bool ThrowIfClosed(Napi::Env env);
  // Null, with an exception pending, if it cannot be mapped.
  Mapping* Mapped(Napi::Env env);

  Parts parts_;
  // From the first use of bits on: making one costs more than setting the bits of a secret.
  std::unique_ptr<Mapping> mapping_;
};

}  // namespace cloudtaser

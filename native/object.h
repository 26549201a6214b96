// SPDX-License-Identifier: Apache-2.0
// A BPF object: opened from memory, shaped, loaded, attached. Maps and links taken from it have descriptors of their
// own, so it may be closed, or collected, before them.
#pragma once

#include <bpf/libbpf.h>

#include <string>

#include "arguments.h"
#include "environment.h"

namespace cloudtaser {

struct CloseObject {
  void operator()(struct bpf_object* object) const { bpf_object__close(object); }
};

class Object final : public Handle<Object> {
 public:
  struct Parts {
    std::unique_ptr<struct bpf_object, CloseObject> object;
    std::string path;
  };

  static Napi::Function Define(Napi::Env env);
  static Napi::Value Open(const Napi::CallbackInfo& info);
  // The kernel's numbers about the program behind a descriptor; `name` may be empty.
  static Napi::Value DescribeProgram(Napi::Env env, int fd, const std::string& name);

  explicit Object(const Napi::CallbackInfo& info) : Handle(info), parts_(TakeParts<Parts>(info)) {}
  void CloseNow() override { parts_.object.reset(); }

 private:
  Napi::Value Programs(const Napi::CallbackInfo& info);
  Napi::Value Maps(const Napi::CallbackInfo& info);
  Napi::Value SetAutoload(const Napi::CallbackInfo& info);
  Napi::Value SetForm(const Napi::CallbackInfo& info);
  Napi::Value SetMaxEntries(const Napi::CallbackInfo& info);
  Napi::Value InitialValue(const Napi::CallbackInfo& info);
  Napi::Value SetInitialValue(const Napi::CallbackInfo& info);
  Napi::Value ReuseMap(const Napi::CallbackInfo& info);
  Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value Blueprints(const Napi::CallbackInfo& info);
  Napi::Value Attach(const Napi::CallbackInfo& info);
  Napi::Value GetIterator(const Napi::CallbackInfo& info);
  Napi::Value ProgramFd(const Napi::CallbackInfo& info);
  Napi::Value ProgramInfo(const Napi::CallbackInfo& info);
  Napi::Value GetMap(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo&) { CloseNow(); }

  bool ThrowIfClosed(Napi::Env env);
  // By the first argument; null after throwing (closed, no string, no such thing).
  struct bpf_program* FindProgram(const Napi::CallbackInfo& info, Arguments& args);
  struct bpf_map* FindMap(const Napi::CallbackInfo& info, Arguments& args);

  Parts parts_;
};

}  // namespace cloudtaser

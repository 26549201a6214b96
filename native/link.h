// SPDX-License-Identifier: Apache-2.0
// An attachment. It owns its descriptor, so it stays when the object that it came from is closed.
#pragma once

#include <bpf/libbpf.h>

#include <string>

#include "environment.h"

namespace cloudtaser {

struct DestroyLink {
  void operator()(struct bpf_link* link) const { bpf_link__destroy(link); }
};
using LinkPtr = std::unique_ptr<struct bpf_link, DestroyLink>;

class Link final : public Handle<Link> {
 public:
  struct Parts {
    LinkPtr link;
    std::string name;
  };

  static Napi::Function Define(Napi::Env env);
  static Napi::Value OpenPinned(const Napi::CallbackInfo& info);

  explicit Link(const Napi::CallbackInfo& info) : Handle(info), parts_(TakeParts<Parts>(info)) {}
  void CloseNow() override { parts_.link.reset(); }

 private:
  Napi::Value GetFd(const Napi::CallbackInfo& info);
  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Pin(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo&) { CloseNow(); }

  Parts parts_;
};

}  // namespace cloudtaser

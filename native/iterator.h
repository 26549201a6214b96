// SPDX-License-Identifier: Apache-2.0
// A loaded iterator program. It owns a descriptor of the program, so it runs when the object that it came from is
// closed.
#pragma once

#include <string>

#include "environment.h"
#include "fd.h"

namespace cloudtaser {

class Iterator final : public Handle<Iterator> {
 public:
  struct Parts {
    Fd program;
    std::string name;
  };

  static Napi::Function Define(Napi::Env env);
  static Napi::Value OpenPinned(const Napi::CallbackInfo& info);

  explicit Iterator(const Napi::CallbackInfo& info) : Handle(info), parts_(TakeParts<Parts>(info)) {}
  void CloseNow() override { parts_.program.Reset(); }

 private:
  Napi::Value Run(const Napi::CallbackInfo& info);
  Napi::Value Info(const Napi::CallbackInfo& info);
  Napi::Value Pin(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo&) { CloseNow(); }

  Parts parts_;
};

}  // namespace cloudtaser

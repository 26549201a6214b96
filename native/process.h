// SPDX-License-Identifier: Apache-2.0
// What Node lacks about processes and their sockets: pidfd, peer credentials, exec, sd_notify, memory of a descriptor,
// files by handle.
#pragma once

#include <sys/types.h>

#include "environment.h"
#include "fd.h"

namespace cloudtaser {

// Names one process for as long as it is open: its pid may be given to another, the descriptor never is.
class Pidfd final : public Handle<Pidfd> {
 public:
  struct Parts {
    Fd fd;
    pid_t pid = 0;
  };

  static Napi::Function Define(Napi::Env env);
  static Napi::Value Open(const Napi::CallbackInfo& info);

  explicit Pidfd(const Napi::CallbackInfo& info) : Handle(info), parts_(TakeParts<Parts>(info)) {}
  void CloseNow() override { parts_.fd.Reset(); }

 private:
  Napi::Value GetFd(const Napi::CallbackInfo& info);
  Napi::Value GetPid(const Napi::CallbackInfo& info);
  Napi::Value Signal(const Napi::CallbackInfo& info);
  Napi::Value Alive(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo&) { CloseNow(); }

  bool ThrowIfClosed(Napi::Env env);

  Parts parts_;
};

Napi::Value PeerCredentials(const Napi::CallbackInfo& info);
Napi::Value Exec(const Napi::CallbackInfo& info);
Napi::Value Notify(const Napi::CallbackInfo& info);
Napi::Value CoreLimit(const Napi::CallbackInfo& info);
Napi::Value Memlock(const Napi::CallbackInfo& info);
Napi::Value OpenByHandle(const Napi::CallbackInfo& info);

}  // namespace cloudtaser

// SPDX-License-Identifier: Apache-2.0
// A BPF ring buffer read on this environment's event loop: libbpf's epoll descriptor under uv_poll, no thread, no
// queue. While open it keeps itself and the loop alive, like a socket.
#pragma once

#include <bpf/libbpf.h>
#include <uv.h>

#include <string>
#include <vector>

#include "batch.h"
#include "environment.h"
#include "fd.h"

namespace cloudtaser {

struct FreeRing {
  void operator()(struct ring_buffer* ring) const { ring_buffer__free(ring); }
};

class Ring final : public Handle<Ring> {
 public:
  struct Parts {
    // In this order: the ring goes before the descriptor that its epoll set watches and the batch that it writes to.
    // The batch is filled by libbpf's sample callback, which runs only inside Consume().
    std::unique_ptr<Batch> batch;
    Fd map;
    std::unique_ptr<struct ring_buffer, FreeRing> ring;
    Napi::FunctionReference on_batch;
    size_t max_records = 0;
    std::string name;
  };

  static Napi::Function Define(Napi::Env env);
  static Napi::Value Open(const Napi::CallbackInfo& info);

  explicit Ring(const Napi::CallbackInfo& info);
  void CloseNow() override;

 private:
  // Lives until libuv has let go of it, which is after the Ring may be gone.
  struct Poll {
    uv_poll_t handle;
    Ring* ring;
    std::shared_ptr<Registry> registry;
  };

  Napi::Value Drain(const Napi::CallbackInfo& info);
  Napi::Value Waiting(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo&) { CloseNow(); }

  void StartPolling(Napi::Env env);
  static void OnReadable(uv_poll_t* handle, int status, int events);
  void Deliver();
  // Takes up to `limit` records out of the ring, into the batch; the number taken, malformed ones included.
  size_t Consume(size_t limit);
  // records, count, malformed
  std::vector<napi_value> BatchArguments(Napi::Env env);

  Parts parts_;
  Poll* poll_ = nullptr;  // owned by libuv from uv_poll_init to its close callback
  std::shared_ptr<Napi::AsyncContext> context_;
};

}  // namespace cloudtaser

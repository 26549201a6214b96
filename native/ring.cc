// SPDX-License-Identifier: Apache-2.0
// Ring consumer: see ring.h.
#include "ring.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>

#include "arguments.h"
#include "map.h"

namespace cloudtaser {

namespace {

// Ends libbpf's loop after the batch's last record, which still counts as consumed. No errno has this value.
constexpr int kBatchFull = -10000;
constexpr int64_t kMaxRecordSize = 64 * 1024;
constexpr int64_t kMaxRecords = 64 * 1024;

int Collect(void* context, void* data, size_t size) {
  return static_cast<Batch*>(context)->Take(data, size) ? 0 : kBatchFull;
}

// To process.on("uncaughtException"): a lost error here would mean lost events. False if there is none to hand over.
bool HandOver(Napi::Env env) {
  if (!env.IsExceptionPending()) return false;
  napi_value error = nullptr;
  return napi_get_and_clear_last_exception(env, &error) == napi_ok && napi_fatal_exception(env, error) == napi_ok;
}

}  // namespace

Napi::Function Ring::Define(Napi::Env env) {
  return DefineClass(env, "Ring",
                     {InstanceMethod<&Ring::Drain>("drain"), InstanceMethod<&Ring::Waiting>("waiting"),
                      InstanceMethod<&Ring::Close>("close")});
}

Napi::Value Ring::Open(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "openRing");
  Map* map = Map::At(info, args, 0);
  if (map == nullptr) return env.Undefined();
  int64_t record_size = args.IntegerOf(1, "recordSize", 1, kMaxRecordSize);
  int64_t max_records = args.IntegerOf(1, "maxRecords", 1, kMaxRecords);
  Napi::Function on_batch = args.Callback(2, "onBatch");
  if (args.bad()) return env.Undefined();

  Parts parts;
  parts.name = map->parts().name;
  parts.max_records = static_cast<size_t>(max_records);
  parts.batch = std::make_unique<Batch>();
  parts.batch->record_size = static_cast<size_t>(record_size);
  parts.map = Fd::Duplicate(map->parts().fd.get());
  if (!parts.map) return ThrowErrno(env, errno, "duplicate descriptor of map", parts.name);

  LogCapture log;
  parts.ring.reset(ring_buffer__new(parts.map.get(), Collect, parts.batch.get(), nullptr));
  if (!parts.ring) return ThrowErrno(env, errno, "open ring", parts.name, log.text());
  parts.on_batch = Napi::Persistent(on_batch);
  return Make(env, Instance::Of(env).ring, std::move(parts));
}

Ring::Ring(const Napi::CallbackInfo& info) : Handle(info), parts_(TakeParts<Parts>(info)) {
  if (info.Env().IsExceptionPending()) return;
  context_ = std::make_shared<Napi::AsyncContext>(info.Env(), "cloudtaser.ring");
  StartPolling(info.Env());
}

void Ring::StartPolling(Napi::Env env) {
  uv_loop_t* loop = nullptr;
  if (napi_get_uv_event_loop(env, &loop) != napi_ok) {
    ThrowErrno(env, ENOTSUP, "find the event loop for ring", parts_.name);
    return;
  }
  auto poll = std::make_unique<Poll>();
  poll->ring = this;
  poll->registry = shared_registry();
  int error = uv_poll_init(loop, &poll->handle, ring_buffer__epoll_fd(parts_.ring.get()));
  if (error != 0) {
    ThrowErrno(env, error, "watch ring", parts_.name);
    return;
  }
  poll->handle.data = poll.get();
  poll_ = poll.release();
  Ref();
  error = uv_poll_start(&poll_->handle, UV_READABLE, OnReadable);
  if (error == 0) return;
  CloseNow();
  ThrowErrno(env, error, "watch ring", parts_.name);
}

void Ring::CloseNow() {
  if (poll_ != nullptr) {
    Poll* poll = std::exchange(poll_, nullptr);
    poll->ring = nullptr;
    poll->registry->UvCloseStarted();
    uv_close(reinterpret_cast<uv_handle_t*>(&poll->handle), [](uv_handle_t* handle) {
      std::unique_ptr<Poll> done(static_cast<Poll*>(handle->data));
      done->registry->UvCloseDone();
    });
    Unref();
  }
  // libuv no longer watches the epoll descriptor once uv_close returned, so it may go now.
  parts_.ring.reset();
  parts_.map.Reset();
  parts_.on_batch.Reset();
  context_.reset();
}

size_t Ring::Consume(size_t limit) {
  Batch& batch = *parts_.batch;
  batch.Restart(limit);
  ring_buffer__consume(parts_.ring.get());
  return batch.taken();
}

std::vector<napi_value> Ring::BatchArguments(Napi::Env env) {
  const Batch& batch = *parts_.batch;
  return {Napi::Buffer<uint8_t>::Copy(env, batch.records.data(), batch.records.size()),
          Napi::Number::New(env, static_cast<double>(batch.count)),
          Napi::Number::New(env, static_cast<double>(batch.malformed))};
}

void Ring::OnReadable(uv_poll_t* handle, int status, int) {
  Ring* ring = static_cast<Poll*>(handle->data)->ring;
  if (ring == nullptr) return;
  Napi::Env env = ring->Env();
  Napi::HandleScope scope(env);
  // Holds the Ring while the callback may close it and a collection may run.
  [[maybe_unused]] Napi::Object self = ring->Value();
  if (status < 0) {
    std::string name = ring->parts_.name;
    ring->CloseNow();
    napi_fatal_exception(env, ErrnoError(env, status, "watch ring", name).Value());
    return;
  }
  ring->Deliver();
}

void Ring::Deliver() {
  // Level-triggered: what stays in the ring wakes the loop again, after other work had its turn.
  if (Consume(parts_.max_records) == 0) return;
  Napi::Env env = Env();
  std::vector<napi_value> arguments = BatchArguments(env);
  napi_value result = nullptr;
  // The callback may close the ring, which lets go of the context that it runs in.
  std::shared_ptr<Napi::AsyncContext> context = context_;
  napi_status status = napi_make_callback(env, *context, env.Global(), parts_.on_batch.Value(), arguments.size(),
                                          arguments.data(), &result);
  // Neither called nor thrown: the environment is ending, its loop still runs, and would wake us until our hook comes.
  if (status != napi_ok && !HandOver(env) && poll_ != nullptr) uv_poll_stop(&poll_->handle);
}

Napi::Value Ring::Drain(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!parts_.ring) return ThrowClosed(env, "ring " + parts_.name);
  Arguments args(info, "drain");
  auto wanted = static_cast<size_t>(args.Integer(0, "maxRecords", 1, INT32_MAX));
  if (args.bad()) return env.Undefined();
  size_t total = 0;
  // The callback may close the ring.
  while (total < wanted && parts_.ring) {
    size_t taken = Consume(std::min(wanted - total, parts_.max_records));
    if (taken == 0) break;
    total += taken;
    std::vector<napi_value> arguments = BatchArguments(env);
    parts_.on_batch.Call(arguments);
    if (env.IsExceptionPending()) return env.Undefined();
  }
  return Napi::Number::New(env, static_cast<double>(total));
}

Napi::Value Ring::Waiting(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!parts_.ring) return ThrowClosed(env, "ring " + parts_.name);
  // The map begins with a page that says how far was read, and one that says how far was written. libbpf tells both
  // from 1.3 on, and older ones are in use.
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* pages = mmap(nullptr, 2 * page, PROT_READ, MAP_SHARED, parts_.map.get(), 0);
  if (pages == MAP_FAILED) return ThrowErrno(env, errno, "look into ring", parts_.name);
  auto position = [pages](size_t at) {
    return __atomic_load_n(reinterpret_cast<const unsigned long*>(static_cast<const char*>(pages) + at),
                           __ATOMIC_ACQUIRE);
  };
  const unsigned long waiting = position(page) - position(0);
  munmap(pages, 2 * page);
  return Napi::Number::New(env, static_cast<double>(waiting));
}

}  // namespace cloudtaser

// SPDX-License-Identifier: Apache-2.0
// What the addon keeps per JavaScript environment (main thread, each worker, each further load), and the base of every
// handle. All that was not closed is closed when the environment ends. There is no other state.
#pragma once

#include <bpf/btf.h>
#include <napi.h>

#include <memory>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "error.h"

namespace cloudtaser {

class Closeable {
 public:
  // May be called any number of times.
  virtual void CloseNow() = 0;

 protected:
  ~Closeable() = default;
};

// Shared by all handles of an environment, so that it outlives the last finalizer, in whichever order those run.
class Registry {
 public:
  void Add(Closeable* handle) { open_.insert(handle); }
  void Remove(Closeable* handle) { open_.erase(handle); }

  // A libuv handle is closed in a later turn of the loop; the environment waits for that before it goes.
  void UvCloseStarted() { ++closing_; }
  void UvCloseDone();

  static void OnEnvironmentEnd(napi_async_cleanup_hook_handle hook, void* registry);

 private:
  std::unordered_set<Closeable*> open_;
  size_t closing_ = 0;
  napi_async_cleanup_hook_handle hook_ = nullptr;
};

struct FreeBtf {
  void operator()(struct btf* btf) const { btf__free(btf); }
};

struct Instance {
  std::shared_ptr<Registry> registry = std::make_shared<Registry>();
  Napi::FunctionReference object, map, link, iterator, ring, pidfd;
  // The kernel's BTF, while somebody asks about it, and the names of its functions, which lie in it, in their order.
  std::unique_ptr<struct btf, FreeBtf> kernel_btf;
  std::vector<std::string_view> kernel_functions;
  // What the constructor that runs now takes over; null when JavaScript calls a constructor by itself.
  void* parts = nullptr;

  static void Install(Napi::Env env);
  static Instance& Of(Napi::Env env) { return *env.GetInstanceData<Instance>(); }
};

// T is the JavaScript class, T::Parts the resources that it owns (movable, closed by their destructor).
template <typename T>
class Handle : public Napi::ObjectWrap<T>, public Closeable {
 public:
  explicit Handle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<T>(info), registry_(Instance::Of(info.Env()).registry) {
    registry_->Add(this);
  }
  ~Handle() { registry_->Remove(this); }

  template <typename Parts>
  static Napi::Value Make(Napi::Env env, const Napi::FunctionReference& constructor, Parts parts) {
    Instance& instance = Instance::Of(env);
    instance.parts = &parts;
    Napi::Value made = constructor.New({});
    instance.parts = nullptr;
    return made;
  }

 protected:
  template <typename Parts>
  static Parts TakeParts(const Napi::CallbackInfo& info) {
    void* parts = std::exchange(Instance::Of(info.Env()).parts, nullptr);
    if (parts != nullptr) return std::move(*static_cast<Parts*>(parts));
    ThrowBadArgument(info.Env(), "new", "is not for callers: handles come from the open functions");
    return {};
  }

  Registry& registry() { return *registry_; }
  const std::shared_ptr<Registry>& shared_registry() { return registry_; }

 private:
  std::shared_ptr<Registry> registry_;
};

}  // namespace cloudtaser

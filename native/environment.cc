// SPDX-License-Identifier: Apache-2.0
// Start and end of an environment: see environment.h.
#include "environment.h"

namespace cloudtaser {

void Registry::OnEnvironmentEnd(napi_async_cleanup_hook_handle hook, void* registry) {
  auto* self = static_cast<Registry*>(registry);
  // Closing a handle must not change the set that is being walked.
  std::unordered_set<Closeable*> open = std::exchange(self->open_, {});
  for (Closeable* handle : open) handle->CloseNow();
  self->hook_ = hook;
  if (self->closing_ == 0) napi_remove_async_cleanup_hook(std::exchange(self->hook_, nullptr));
}

void Registry::UvCloseDone() {
  if (--closing_ == 0 && hook_ != nullptr) napi_remove_async_cleanup_hook(std::exchange(hook_, nullptr));
}

void Instance::Install(Napi::Env env) {
  auto instance = std::make_unique<Instance>();
  napi_add_async_cleanup_hook(env, Registry::OnEnvironmentEnd, instance->registry.get(), nullptr);
  env.SetInstanceData(instance.release());
}

}  // namespace cloudtaser

// SPDX-License-Identifier: Apache-2.0
// The addon's exports: what src/kernel/native.ts calls Native.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <malloc.h>

#include <algorithm>

#include "arguments.h"
#include "environment.h"
#include "fd.h"
#include "fingerprint.h"
#include "iterator.h"
#include "link.h"
#include "map.h"
#include "object.h"
#include "process.h"
#include "ring.h"

namespace cloudtaser {

namespace {

Napi::Value LibbpfVersion(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), libbpf_version_string());
}

Napi::Value PossibleCpus(const Napi::CallbackInfo& info) {
  int count = libbpf_num_possible_cpus();
  if (count < 0) return ThrowErrno(info.Env(), count, "count possible CPUs", "/sys/devices/system/cpu/possible");
  return Napi::Number::New(info.Env(), count);
}

// Parsed once and kept; nullptr after it has thrown.
const struct btf* KernelBtf(Napi::Env env) {
  Instance& instance = Instance::Of(env);
  if (!instance.kernel_btf) {
    LogCapture log;
    instance.kernel_btf.reset(btf__load_vmlinux_btf());
    if (!instance.kernel_btf) ThrowErrno(env, errno, "read kernel BTF", "/sys/kernel/btf/vmlinux", log.text());
  }
  return instance.kernel_btf.get();
}

// All of them in one pass: libbpf's search by name compares with every type of the kernel each time.
const std::vector<std::string_view>& KernelFunctions(Napi::Env env, const struct btf* btf) {
  std::vector<std::string_view>& functions = Instance::Of(env).kernel_functions;
  if (!functions.empty()) return functions;
  for (__u32 id = 1; id < btf__type_cnt(btf); ++id) {
    const struct btf_type* type = btf__type_by_id(btf, id);
    const char* name = btf_is_func(type) ? btf__name_by_offset(btf, type->name_off) : nullptr;
    if (name != nullptr) functions.emplace_back(name);
  }
  std::sort(functions.begin(), functions.end());
  return functions;
}

Napi::Value KernelHasFunction(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "kernelHasFunction");
  std::string name = args.Text(0, "name");
  const struct btf* btf = args.bad() ? nullptr : KernelBtf(env);
  if (btf == nullptr) return env.Undefined();
  const std::vector<std::string_view>& functions = KernelFunctions(env, btf);
  return Napi::Boolean::New(env, std::binary_search(functions.begin(), functions.end(), name));
}

// Enums without a name, which CO-RE cannot ask for, are searched too.
Napi::Value KernelEnumerator(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "kernelEnumerator");
  std::string name = args.Text(0, "name");
  const struct btf* btf = args.bad() ? nullptr : KernelBtf(env);
  if (btf == nullptr) return env.Undefined();
  for (__u32 id = 1; id < btf__type_cnt(btf); ++id) {
    const struct btf_type* type = btf__type_by_id(btf, id);
    if (!btf_is_enum(type)) continue;
    const struct btf_enum* values = btf_enum(type);
    for (__u32 i = 0; i < btf_vlen(type); ++i) {
      if (name == btf__name_by_offset(btf, values[i].name_off)) return Napi::Number::New(env, values[i].val);
    }
  }
  return env.Undefined();
}

Napi::Value ReleaseBtf(const Napi::CallbackInfo& info) {
  Instance& instance = Instance::Of(info.Env());
  instance.kernel_functions = {};
  instance.kernel_btf.reset();
  return info.Env().Undefined();
}

// What libbpf's load and a look at many pods have freed in the middle of the heap, which glibc keeps: some megabytes.
Napi::Value Trim(const Napi::CallbackInfo& info) {
  malloc_trim(0);
  return info.Env().Undefined();
}

Napi::Value LoadedProgram(const Napi::CallbackInfo& info) {
  Arguments args(info, "loadedProgram");
  auto id = static_cast<__u32>(args.Integer(0, "id", 1, UINT32_MAX));
  if (args.bad()) return info.Env().Undefined();
  Fd fd(bpf_prog_get_fd_by_id(id));
  if (!fd) return ThrowErrno(info.Env(), errno, "open program with id", std::to_string(id));
  return Object::DescribeProgram(info.Env(), fd.get(), "");
}

Napi::Value MapExists(const Napi::CallbackInfo& info) {
  Arguments args(info, "mapExists");
  auto id = static_cast<__u32>(args.Integer(0, "id", 1, UINT32_MAX));
  if (args.bad()) return info.Env().Undefined();
  Fd fd(bpf_map_get_fd_by_id(id));
  if (!fd && errno != ENOENT) return ThrowErrno(info.Env(), errno, "open map with id", std::to_string(id));
  return Napi::Boolean::New(info.Env(), static_cast<bool>(fd));
}

// Ids of those that it shows us. Kernels before 5.13 do not say where a link leads, so there are none.
Napi::Value LinksAt(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "linksAt");
  std::string name = args.Text(0, "function");
  const struct btf* btf = args.bad() ? nullptr : KernelBtf(env);
  if (btf == nullptr) return env.Undefined();
  __s32 target = btf__find_by_name_kind(btf, name.c_str(), BTF_KIND_FUNC);
  if (target < 0) return ThrowErrno(env, target, "find kernel function", name);
  Napi::Array result = Napi::Array::New(env);
  for (__u32 id = 0; bpf_link_get_next_id(id, &id) == 0;) {
    Fd fd(bpf_link_get_fd_by_id(id));
    struct bpf_link_info data = {};
    __u32 size = sizeof(data);
    // Gone meanwhile, or one that guards which stand show nobody.
    if (!fd || bpf_obj_get_info_by_fd(fd.get(), &data, &size) != 0) continue;
    if (data.type == BPF_LINK_TYPE_TRACING && data.tracing.target_btf_id == static_cast<__u32>(target)) {
      result.Set(result.Length(), id);
    }
  }
  return result;
}

template <Napi::Value (*function)(const Napi::CallbackInfo&)>
void Export(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<function>(exports.Env(), name));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  LogCapture::Install();
  Instance::Install(env);
  Instance& instance = Instance::Of(env);
  instance.object = Napi::Persistent(Object::Define(env));
  instance.map = Napi::Persistent(Map::Define(env));
  instance.link = Napi::Persistent(Link::Define(env));
  instance.iterator = Napi::Persistent(Iterator::Define(env));
  instance.ring = Napi::Persistent(Ring::Define(env));
  instance.pidfd = Napi::Persistent(Pidfd::Define(env));

  Export<LibbpfVersion>(exports, "libbpfVersion");
  Export<PossibleCpus>(exports, "possibleCpus");
  Export<KernelHasFunction>(exports, "kernelHasFunction");
  Export<KernelEnumerator>(exports, "kernelEnumerator");
  Export<ReleaseBtf>(exports, "releaseBtf");
  Export<Trim>(exports, "trim");
  Export<LoadedProgram>(exports, "loadedProgram");
  Export<MapExists>(exports, "mapExists");
  Export<LinksAt>(exports, "linksAt");
  Export<Object::Open>(exports, "openObject");
  Export<Map::OpenPinned>(exports, "openMap");
  Export<Link::OpenPinned>(exports, "openLink");
  Export<Iterator::OpenPinned>(exports, "openIterator");
  Export<Ring::Open>(exports, "openRing");
  Export<Pidfd::Open>(exports, "openPidfd");
  Export<PeerCredentials>(exports, "peerCredentials");
  Export<Exec>(exports, "exec");
  Export<Notify>(exports, "notify");
  Export<CoreLimit>(exports, "coreLimit");
  Export<Memlock>(exports, "memlock");
  Export<OpenByHandle>(exports, "openByHandle");
  Export<Fingerprints>(exports, "fingerprints");
  return exports;
}

}  // namespace

NODE_API_MODULE(cloudtaser, Init)

}  // namespace cloudtaser

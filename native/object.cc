// SPDX-License-Identifier: Apache-2.0
// Opening, loading and attaching objects: see object.h. What shapes programs and maps before a load is in shape.cc.
#include "object.h"

#include <bpf/bpf.h>
#include <errno.h>

#include <algorithm>
#include <vector>

#include "blueprint.h"
#include "iterator.h"
#include "link.h"
#include "map.h"
#include "refused.h"
#include "sections.h"
#include "typed.h"

namespace cloudtaser {

// The kernel's own limit for one program.
constexpr size_t kMaxUsedMaps = 64;

Napi::Function Object::Define(Napi::Env env) {
  return DefineClass(
      env, "BpfObject",
      {InstanceMethod<&Object::Programs>("programs"), InstanceMethod<&Object::Maps>("maps"),
       InstanceMethod<&Object::SetAutoload>("setAutoload"), InstanceMethod<&Object::SetForm>("setForm"),
       InstanceMethod<&Object::SetMaxEntries>("setMaxEntries"), InstanceMethod<&Object::InitialValue>("initialValue"),
       InstanceMethod<&Object::SetInitialValue>("setInitialValue"), InstanceMethod<&Object::ReuseMap>("reuseMap"),
       InstanceMethod<&Object::Load>("load"), InstanceMethod<&Object::Blueprints>("blueprints"),
       InstanceMethod<&Object::Attach>("attach"), InstanceMethod<&Object::GetIterator>("iterator"),
       InstanceMethod<&Object::ProgramFd>("programFd"), InstanceMethod<&Object::ProgramInfo>("programInfo"),
       InstanceMethod<&Object::GetMap>("map"), InstanceMethod<&Object::Close>("close")});
}

// As libbpf names what it opens by path: maps of sections are called after it.
static std::string NameOf(const std::string& path) {
  std::string base = path.substr(path.rfind('/') + 1);
  return base.substr(0, base.find('.'));
}

Napi::Value Object::Open(const Napi::CallbackInfo& info) {
  Arguments args(info, "openObject");
  std::string path = args.Text(0, "path");
  Bytes bytes = args.BytesOf(1, "bytes");
  if (args.bad()) return info.Env().Undefined();
  bool blueprints = args.Given(2) && args.Boolean(2, "blueprints");
  if (args.bad()) return info.Env().Undefined();
  std::string hidden(blueprints ? reinterpret_cast<const char*>(bytes.data) : "", blueprints ? bytes.size : 0);
  if (blueprints) {
    if (!HideSections(&hidden)) return ThrowErrno(info.Env(), LIBBPF_ERRNO__FORMAT, "open object", path);
    bytes = {reinterpret_cast<const uint8_t*>(hidden.data()), hidden.size()};
  }
  std::string name = NameOf(path);
  struct bpf_object_open_opts options = {};
  options.sz = sizeof(options);
  options.object_name = name.c_str();
  LogCapture log;
  RegisterTyped();
  Parts parts;
  parts.path = path;
  // Everything that it needs later is copied.
  parts.object.reset(bpf_object__open_mem(bytes.data, bytes.size, &options));
  if (!parts.object) return ThrowErrno(info.Env(), errno, "open object", path, log.text());
  return Make(info.Env(), Instance::Of(info.Env()).object, std::move(parts));
}

bool Object::ThrowIfClosed(Napi::Env env) {
  if (parts_.object) return false;
  ThrowClosed(env, "object " + parts_.path);
  return true;
}

struct bpf_program* Object::FindProgram(const Napi::CallbackInfo& info, Arguments& args) {
  if (ThrowIfClosed(info.Env())) return nullptr;
  std::string name = args.Text(0, "program");
  if (args.bad()) return nullptr;
  struct bpf_program* program = bpf_object__find_program_by_name(parts_.object.get(), name.c_str());
  if (program == nullptr) ThrowErrno(info.Env(), ENOENT, "find program", name, "searched: " + parts_.path);
  return program;
}

struct bpf_map* Object::FindMap(const Napi::CallbackInfo& info, Arguments& args) {
  if (ThrowIfClosed(info.Env())) return nullptr;
  std::string name = args.Text(0, "map");
  if (args.bad()) return nullptr;
  struct bpf_map* map = bpf_object__find_map_by_name(parts_.object.get(), name.c_str());
  if (map == nullptr) ThrowErrno(info.Env(), ENOENT, "find map", name, "searched: " + parts_.path);
  return map;
}

Napi::Value Object::Load(const Napi::CallbackInfo& info) {
  if (ThrowIfClosed(info.Env())) return info.Env().Undefined();
  // Silent on success: libbpf asks for the verifier's log only when it tries a refused program again.
  LogCapture log;
  int error = 0;
  if (struct bpf_program* unshaped = ShapeTyped(parts_.object.get(), &error)) {
    return ThrowErrno(info.Env(), error, "shape program", bpf_program__name(unshaped), log.text());
  }
  error = bpf_object__load(parts_.object.get());
  if (error == 0) return info.Env().Undefined();
  std::string program = RefusedProgram(log.text());
  if (program.empty()) return ThrowErrno(info.Env(), error, "load object", parts_.path, log.text());
  return ThrowErrno(info.Env(), error, ("load object " + parts_.path + ", program").c_str(), program, log.text());
}

Napi::Value Object::Blueprints(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  LogCapture log;
  std::vector<Blueprint> drawn;
  int error = DrawBlueprints(parts_.object.get(), &drawn);
  if (error != 0) return ThrowErrno(env, error, "draw blueprints of", parts_.path, log.text());
  Napi::Array result = Napi::Array::New(env, drawn.size());
  for (uint32_t i = 0; i < drawn.size(); i++) {
    const Blueprint& one = drawn[i];
    Napi::Array maps = Napi::Array::New(env, one.maps.size());
    for (uint32_t m = 0; m < one.maps.size(); m++) {
      Napi::Object map = Napi::Object::New(env);
      map.Set("name", one.maps[m].name);
      map.Set("id", one.maps[m].id);
      maps.Set(m, map);
    }
    Napi::Object blueprint = Napi::Object::New(env);
    blueprint.Set("name", one.name);
    blueprint.Set("instructions",
                  Napi::Buffer<uint8_t>::Copy(env, reinterpret_cast<const uint8_t*>(one.instructions.data()),
                                              one.instructions.size() * sizeof(struct bpf_insn)));
    blueprint.Set("maps", maps);
    result.Set(i, blueprint);
  }
  return result;
}

Napi::Value Object::Attach(const Napi::CallbackInfo& info) {
  Arguments args(info, "attach");
  struct bpf_program* program = FindProgram(info, args);
  if (program == nullptr) return info.Env().Undefined();
  // Where a kprobe goes is said here: its section names no function.
  std::string function = info.Length() > 1 && !info[1].IsUndefined() ? args.Text(1, "function") : "";
  if (args.bad()) return info.Env().Undefined();
  LogCapture log;
  LinkPtr link;
  // By type, not bpf_program__attach: setForm may have cut the program loose from what its section says.
  switch (bpf_program__type(program)) {
    case BPF_PROG_TYPE_LSM:
      link.reset(bpf_program__attach_lsm(program));
      break;
    case BPF_PROG_TYPE_KPROBE:
      link.reset(bpf_program__attach_kprobe(program, false, function.c_str()));
      break;
    case BPF_PROG_TYPE_TRACING:
      if (bpf_program__expected_attach_type(program) != BPF_TRACE_ITER) {
        link.reset(bpf_program__attach_trace(program));
        break;
      }
      [[fallthrough]];
    default:
      link.reset(bpf_program__attach(program));
  }
  std::string name = bpf_program__name(program);
  if (!link) return ThrowErrno(info.Env(), errno, "attach program", name, log.text());
  return Link::Make(info.Env(), Instance::Of(info.Env()).link, Link::Parts{std::move(link), name});
}

Napi::Value Object::GetIterator(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "iterator");
  struct bpf_program* program = FindProgram(info, args);
  if (program == nullptr) return env.Undefined();
  std::string name = bpf_program__name(program);
  int fd = bpf_program__fd(program);
  if (fd < 0) return ThrowErrno(env, EINVAL, "use program that is not loaded:", name);
  Fd own = Fd::Duplicate(fd);
  if (!own) return ThrowErrno(env, errno, "duplicate descriptor of program", name);
  return Iterator::Make(env, Instance::Of(env).iterator, Iterator::Parts{std::move(own), name});
}

// The object's own: it ends with close().
Napi::Value Object::ProgramFd(const Napi::CallbackInfo& info) {
  Arguments args(info, "programFd");
  struct bpf_program* program = FindProgram(info, args);
  if (program == nullptr) return info.Env().Undefined();
  int fd = bpf_program__fd(program);
  if (fd < 0) return ThrowErrno(info.Env(), EINVAL, "use program that is not loaded:", bpf_program__name(program));
  return Napi::Number::New(info.Env(), fd);
}

Napi::Value Object::ProgramInfo(const Napi::CallbackInfo& info) {
  Arguments args(info, "programInfo");
  struct bpf_program* program = FindProgram(info, args);
  if (program == nullptr) return info.Env().Undefined();
  std::string name = bpf_program__name(program);
  int fd = bpf_program__fd(program);
  if (fd < 0) return ThrowErrno(info.Env(), EINVAL, "read info of program that is not loaded:", name);
  return DescribeProgram(info.Env(), fd, name);
}

Napi::Value Object::DescribeProgram(Napi::Env env, int fd, const std::string& name) {
  // An older kernel fills fewer fields: recursion_misses is from 5.12, verified_insns from 5.16. The rest stays 0.
  std::vector<__u32> maps(kMaxUsedMaps);
  struct bpf_prog_info data = {};
  data.nr_map_ids = static_cast<__u32>(maps.size());
  data.map_ids = reinterpret_cast<uintptr_t>(maps.data());
  __u32 size = sizeof(data);
  if (bpf_obj_get_info_by_fd(fd, &data, &size) != 0) return ThrowErrno(env, errno, "read info of program", name);
  maps.resize(std::min<size_t>(maps.size(), data.nr_map_ids));
  Napi::Object result = Napi::Object::New(env);
  result.Set("id", data.id);
  result.Set("name", name.empty() ? data.name : name);
  result.Set("recursionMisses", Napi::BigInt::New(env, static_cast<uint64_t>(data.recursion_misses)));
  result.Set("runCount", Napi::BigInt::New(env, static_cast<uint64_t>(data.run_cnt)));
  result.Set("verifiedInstructions", data.verified_insns);
  result.Set("jitedBytes", data.jited_prog_len);
  result.Set("type", data.type);
  result.Set("tag", Napi::Buffer<uint8_t>::Copy(env, data.tag, sizeof(data.tag)));
  Napi::Array used = Napi::Array::New(env, maps.size());
  for (uint32_t i = 0; i < maps.size(); i++) used.Set(i, maps[i]);
  result.Set("mapIds", used);
  return result;
}

Napi::Value Object::GetMap(const Napi::CallbackInfo& info) {
  Arguments args(info, "map");
  struct bpf_map* map = FindMap(info, args);
  if (map == nullptr) return info.Env().Undefined();
  std::string name = bpf_map__name(map);
  int fd = bpf_map__fd(map);
  if (fd < 0) return ThrowErrno(info.Env(), EINVAL, "use map that is not loaded:", name);
  Fd own = Fd::Duplicate(fd);
  if (!own) return ThrowErrno(info.Env(), errno, "duplicate descriptor of map", name);
  return Map::FromFd(info.Env(), std::move(own), name);
}

}  // namespace cloudtaser

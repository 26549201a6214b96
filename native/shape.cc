// SPDX-License-Identifier: Apache-2.0
// The part of Object that lists programs and maps and gives them their shape before load().
#include <bpf/bpf.h>
#include <errno.h>

#include <cstring>

#include "map.h"
#include "object.h"

namespace cloudtaser {

namespace {

struct Form {
  const char* name;
  enum bpf_prog_type type;
  enum bpf_attach_type attach_type;
  // libbpf itself puts bpf_lsm_ before the hook of an LSM program.
  const char* prefix;
};

constexpr Form kForms[] = {
    {"lsm", BPF_PROG_TYPE_LSM, BPF_LSM_MAC, ""},
    {"fmod_ret", BPF_PROG_TYPE_TRACING, BPF_MODIFY_RETURN, "security_"},
    {"fentry", BPF_PROG_TYPE_TRACING, BPF_TRACE_FENTRY, "security_"},
};

}  // namespace

Napi::Value Object::Programs(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  Napi::Array list = Napi::Array::New(env);
  struct bpf_program* program;
  bpf_object__for_each_program(program, parts_.object.get()) {
    Napi::Object item = Napi::Object::New(env);
    item.Set("name", bpf_program__name(program));
    item.Set("section", bpf_program__section_name(program));
    list.Set(list.Length(), item);
  }
  return list;
}

Napi::Value Object::Maps(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  Napi::Array list = Napi::Array::New(env);
  struct bpf_map* map;
  bpf_object__for_each_map(map, parts_.object.get()) {
    Napi::Object item = Napi::Object::New(env);
    item.Set("name", bpf_map__name(map));
    item.Set("type", static_cast<uint32_t>(bpf_map__type(map)));
    item.Set("keySize", bpf_map__key_size(map));
    item.Set("valueSize", bpf_map__value_size(map));
    item.Set("maxEntries", bpf_map__max_entries(map));
    list.Set(list.Length(), item);
  }
  return list;
}

Napi::Value Object::SetAutoload(const Napi::CallbackInfo& info) {
  Arguments args(info, "setAutoload");
  struct bpf_program* program = FindProgram(info, args);
  if (program == nullptr) return info.Env().Undefined();
  bool on = args.Boolean(1, "on");
  if (args.bad()) return info.Env().Undefined();
  LogCapture log;
  int error = bpf_program__set_autoload(program, on);
  if (error != 0)
    return ThrowErrno(info.Env(), error, "set autoload of program", bpf_program__name(program), log.text());
  return info.Env().Undefined();
}

Napi::Value Object::SetForm(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "setForm");
  struct bpf_program* program = FindProgram(info, args);
  if (program == nullptr) return env.Undefined();
  std::string name = args.Text(1, "form");
  std::string hook = args.Text(2, "hook");
  if (args.bad()) return env.Undefined();
  const Form* form = nullptr;
  for (const Form& known : kForms) {
    if (name == known.name) form = &known;
  }
  if (form == nullptr) return ThrowBadArgument(env, "setForm(form)", "must be lsm, fmod_ret or fentry, is " + name);

  const std::string function = form->prefix + hook;
  LogCapture log;
  // Being sleepable lives in the section's handler, which a change of type takes away.
  bool sleepable = strncmp(bpf_program__section_name(program), "lsm.s/", 6) == 0;
  __u32 flags = bpf_program__flags(program) | (sleepable ? BPF_F_SLEEPABLE : 0);
  int error = bpf_program__set_type(program, form->type);
  if (error == 0) error = bpf_program__set_expected_attach_type(program, form->attach_type);
  if (error == 0) error = bpf_program__set_flags(program, flags);
  if (error == 0) error = bpf_program__set_attach_target(program, 0, function.c_str());
  if (error == 0) return env.Undefined();
  std::string doing = "set form " + name + " on " + hook + " of program";
  // libbpf says ESRCH, and nothing else, for a function that the BTF lacks.
  bool missing = error == -ESRCH || error == -ENOENT;
  std::string reason = missing ? "kernel BTF: no function for " + function + " (" + name + ")\n" : "";
  return ThrowErrno(env, missing ? ENOENT : error, doing.c_str(), bpf_program__name(program), log.text() + reason);
}

Napi::Value Object::SetMaxEntries(const Napi::CallbackInfo& info) {
  Arguments args(info, "setMaxEntries");
  struct bpf_map* map = FindMap(info, args);
  if (map == nullptr) return info.Env().Undefined();
  auto entries = static_cast<__u32>(args.Integer(1, "entries", 1, UINT32_MAX));
  if (args.bad()) return info.Env().Undefined();
  LogCapture log;
  int error = bpf_map__set_max_entries(map, entries);
  if (error != 0) return ThrowErrno(info.Env(), error, "set size of map", bpf_map__name(map), log.text());
  return info.Env().Undefined();
}

Napi::Value Object::InitialValue(const Napi::CallbackInfo& info) {
  Arguments args(info, "initialValue");
  struct bpf_map* map = FindMap(info, args);
  if (map == nullptr) return info.Env().Undefined();
  size_t size = 0;
  auto* value = static_cast<const uint8_t*>(bpf_map__initial_value(map, &size));
  if (value == nullptr) return ThrowErrno(info.Env(), EINVAL, "read initial value of map", bpf_map__name(map));
  return Napi::Buffer<uint8_t>::Copy(info.Env(), value, size);
}

Napi::Value Object::SetInitialValue(const Napi::CallbackInfo& info) {
  Arguments args(info, "setInitialValue");
  struct bpf_map* map = FindMap(info, args);
  if (map == nullptr) return info.Env().Undefined();
  Bytes value = args.BytesOf(1, "value", bpf_map__value_size(map));
  if (args.bad()) return info.Env().Undefined();
  LogCapture log;
  int error = bpf_map__set_initial_value(map, value.data, value.size);
  if (error != 0) return ThrowErrno(info.Env(), error, "set initial value of map", bpf_map__name(map), log.text());
  return info.Env().Undefined();
}

Napi::Value Object::ReuseMap(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "reuseMap");
  struct bpf_map* map = FindMap(info, args);
  if (map == nullptr) return env.Undefined();
  // A descriptor instead of a path: a map of this process that is pinned nowhere.
  bool by_number = info.Length() > 1 && info[1].IsNumber();
  int64_t number = by_number ? args.Integer(1, "fd", 0, INT32_MAX) : -1;
  std::string path = by_number ? "descriptor " + std::to_string(number) : args.Text(1, "path");
  if (args.bad()) return env.Undefined();

  Fd fd = by_number ? Fd::Duplicate(static_cast<int>(number)) : Fd(bpf_obj_get(path.c_str()));
  if (!fd) return ThrowErrno(env, errno, "open map", path);
  struct bpf_map_info pinned = {};
  if (Map::ReadInfo(fd.get(), &pinned) != 0) return ThrowErrno(env, errno, "read info of map", path);
  // bpf_map__reuse_fd takes over the pinned shape without a word: compare here.
  const struct {
    const char* field;
    uint64_t pinned, wanted;
  } fields[] = {{"type", pinned.type, bpf_map__type(map)},
                {"key size", pinned.key_size, bpf_map__key_size(map)},
                {"value size", pinned.value_size, bpf_map__value_size(map)},
                {"maximum of entries", pinned.max_entries, bpf_map__max_entries(map)},
                {"flags", pinned.map_flags, bpf_map__map_flags(map)},
                {"extra", pinned.map_extra, bpf_map__map_extra(map)}};
  std::string differences;
  for (const auto& field : fields) {
    if (field.pinned == field.wanted) continue;
    differences += std::string(field.field) + ": pinned " + std::to_string(field.pinned) + ", object wants " +
                   std::to_string(field.wanted) + "\n";
  }
  if (!differences.empty()) return ThrowErrno(env, EINVAL, "reuse map", path, differences);

  LogCapture log;
  int error = bpf_map__reuse_fd(map, fd.get());
  if (error != 0) return ThrowErrno(env, error, "reuse map", path, log.text());
  return env.Undefined();
}

}  // namespace cloudtaser

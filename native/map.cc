// SPDX-License-Identifier: Apache-2.0
// Maps: see map.h.
#include "map.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/mman.h>

#include <cstring>
#include <unordered_set>
#include <vector>

namespace cloudtaser {

namespace {

constexpr napi_type_tag kMapTag = {0x5f0c6be0a1f94d0bULL, 0x9a1be3c84c7f2d61ULL};

bool IsPerCpu(uint32_t type) {
  return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_ARRAY ||
         type == BPF_MAP_TYPE_LRU_PERCPU_HASH || type == BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE;
}

}  // namespace

Mapping::Mapping(int fd, size_t size)
    : size_(size), at_(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)) {}

Mapping::~Mapping() {
  if (*this) munmap(at_, size_);
}

Mapping::operator bool() const { return at_ != MAP_FAILED; }

Napi::Function Map::Define(Napi::Env env) {
  return DefineClass(env, "BpfMap",
                     {InstanceAccessor<&Map::GetName>("name"), InstanceAccessor<&Map::GetFd>("fd"),
                      InstanceAccessor<&Map::GetKeySize>("keySize"), InstanceAccessor<&Map::GetValueSize>("valueSize"),
                      InstanceMethod<&Map::Lookup>("lookup"), InstanceMethod<&Map::Update>("update"),
                      InstanceMethod<&Map::SetBits>("setBits"), InstanceMethod<&Map::ReadBits>("readBits"),
                      InstanceMethod<&Map::ReplaceBits>("replaceBits"), InstanceMethod<&Map::Delete>("delete"),
                      InstanceMethod<&Map::Keys>("keys"), InstanceMethod<&Map::Pin>("pin"),
                      InstanceMethod<&Map::Info>("info"), InstanceMethod<&Map::Close>("close")});
}

Map::Map(const Napi::CallbackInfo& info) : Handle(info), parts_(TakeParts<Parts>(info)) {
  if (!info.Env().IsExceptionPending()) info.This().As<Napi::Object>().TypeTag(&kMapTag);
}

Map* Map::At(const Napi::CallbackInfo& info, Arguments& args, size_t index) {
  if (args.bad()) return nullptr;
  if (!info[index].IsObject() || !info[index].As<Napi::Object>().CheckTypeTag(&kMapTag)) {
    args.Refuse("map", "must be a map");
    return nullptr;
  }
  Map* map = Unwrap(info[index].As<Napi::Object>());
  return map->ThrowIfClosed(info.Env()) ? nullptr : map;
}

Napi::Value Map::OpenPinned(const Napi::CallbackInfo& info) {
  Arguments args(info, "openMap");
  std::string path = args.Text(0, "path");
  if (args.bad()) return info.Env().Undefined();
  Fd fd(bpf_obj_get(path.c_str()));
  if (!fd) return ThrowErrno(info.Env(), errno, "open map", path);
  struct bpf_map_info data = {};
  if (ReadInfo(fd.get(), &data) != 0) return ThrowErrno(info.Env(), errno, "open map", path);
  return FromFd(info.Env(), std::move(fd), "");
}

int Map::ReadInfo(int fd, struct bpf_map_info* info) {
  // Programs and links answer the same call with other bytes.
  if (KindOf(fd).find("bpf-map") == std::string::npos) {
    errno = EINVAL;
    return -1;
  }
  __u32 size = sizeof(*info);
  return bpf_obj_get_info_by_fd(fd, info, &size);
}

Napi::Value Map::FromFd(Napi::Env env, Fd fd, const std::string& name) {
  struct bpf_map_info data = {};
  if (ReadInfo(fd.get(), &data) != 0) return ThrowErrno(env, errno, "read info of map", name);
  Parts parts;
  parts.fd = std::move(fd);
  parts.name = name.empty() ? data.name : name;
  parts.key_size = data.key_size;
  parts.value_size = data.value_size;
  parts.max_entries = data.max_entries;
  parts.flags = data.map_flags;
  parts.transfer_size = data.value_size;
  if (IsPerCpu(data.type)) {
    int cpus = libbpf_num_possible_cpus();
    if (cpus < 0) return ThrowErrno(env, cpus, "count possible CPUs", parts.name);
    parts.transfer_size = static_cast<size_t>(cpus) * ((data.value_size + 7) / 8 * 8);
  }
  return Make(env, Instance::Of(env).map, std::move(parts));
}

bool Map::ThrowIfClosed(Napi::Env env) {
  if (parts_.fd) return false;
  ThrowClosed(env, "map " + parts_.name);
  return true;
}

Napi::Value Map::GetName(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), parts_.name); }
Napi::Value Map::GetKeySize(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), parts_.key_size); }
Napi::Value Map::GetValueSize(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), parts_.value_size);
}
Napi::Value Map::GetFd(const Napi::CallbackInfo& info) {
  if (ThrowIfClosed(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), parts_.fd.get());
}

Napi::Value Map::Lookup(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  Arguments args(info, "lookup");
  Bytes key = args.BytesOf(0, "key", parts_.key_size);
  if (args.bad()) return env.Undefined();
  std::vector<uint8_t> value(parts_.transfer_size);
  if (bpf_map_lookup_elem(parts_.fd.get(), key.data, value.data()) != 0) {
    return errno == ENOENT ? env.Undefined() : ThrowErrno(env, errno, "look up in map", parts_.name);
  }
  return Napi::Buffer<uint8_t>::Copy(env, value.data(), value.size());
}

Napi::Value Map::Update(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  Arguments args(info, "update");
  Bytes key = args.BytesOf(0, "key", parts_.key_size);
  Bytes value = args.BytesOf(1, "value", parts_.transfer_size);
  uint64_t flags = args.Given(2) ? static_cast<uint64_t>(args.Integer(2, "flags", 0, 7)) : 0;
  if (args.bad()) return env.Undefined();
  if (bpf_map_update_elem(parts_.fd.get(), key.data, value.data, flags) != 0) {
    return ThrowErrno(env, errno, "update map", parts_.name);
  }
  return env.Undefined();
}

Mapping* Map::Mapped(Napi::Env env) {
  if (mapping_) return mapping_.get();
  if (!(parts_.flags & BPF_F_MMAPABLE)) {
    ThrowErrno(env, EINVAL, "use bits, without BPF_F_MMAPABLE, of map", parts_.name);
    return nullptr;
  }
  auto mapping = std::make_unique<Mapping>(parts_.fd.get(), parts_.value_size);
  if (!*mapping) {
    ThrowErrno(env, errno, "map the memory of map", parts_.name);
    return nullptr;
  }
  mapping_ = std::move(mapping);
  return mapping_.get();
}

// By a mapping: an update would copy the whole value in and out. Programs that read meanwhile see each bit or do not.
Napi::Value Map::SetBits(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  Arguments args(info, "setBits");
  Bytes bits = args.BytesOf(0, "bits");
  if (!args.bad() && bits.size % sizeof(uint32_t) != 0) args.Refuse("bits", "must be whole numbers of 32 bits");
  if (args.bad() || !Mapped(env)) return env.Undefined();
  uint32_t fresh = 0;
  for (size_t at = 0; at < bits.size; at += sizeof(uint32_t)) {
    uint32_t bit;
    memcpy(&bit, bits.data + at, sizeof(bit));
    if (bit / 8 >= parts_.value_size) {
      args.Refuse("bits", "must lie in the value");
      return env.Undefined();
    }
    auto mask = static_cast<uint8_t>(1u << (bit & 7));
    if (!(__atomic_fetch_or(mapping_->bytes() + bit / 8, mask, __ATOMIC_RELAXED) & mask)) ++fresh;
  }
  return Napi::Number::New(env, fresh);
}

Napi::Value Map::ReadBits(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  Mapping* mapping = Mapped(env);
  if (!mapping) return env.Undefined();
  return Napi::Buffer<uint8_t>::Copy(env, mapping->bytes(), parts_.value_size);
}

Napi::Value Map::ReplaceBits(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  Arguments args(info, "replaceBits");
  Bytes value = args.BytesOf(0, "value", parts_.value_size);
  if (args.bad()) return env.Undefined();
  Mapping* mapping = Mapped(env);
  if (!mapping) return env.Undefined();
  for (size_t at = 0; at < value.size; at++) __atomic_store_n(mapping->bytes() + at, value.data[at], __ATOMIC_RELAXED);
  return env.Undefined();
}

Napi::Value Map::Delete(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  Arguments args(info, "delete");
  Bytes key = args.BytesOf(0, "key", parts_.key_size);
  if (args.bad()) return env.Undefined();
  bool gone = bpf_map_delete_elem(parts_.fd.get(), key.data) == 0;
  if (!gone && errno != ENOENT) return ThrowErrno(env, errno, "delete from map", parts_.name);
  return Napi::Boolean::New(env, gone);
}

Napi::Value Map::Keys(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  Napi::Array keys = Napi::Array::New(env);
  // The kernel starts over when the key that it should go on from was deleted meanwhile: hence the set, and the bound,
  // which ends the walk over a map whose first entries are replaced faster than it advances.
  std::unordered_set<std::string> seen;
  std::string at(parts_.key_size, '\0');
  std::string next(parts_.key_size, '\0');
  bool first = true;
  for (uint64_t steps = 0; steps < 4ULL * parts_.max_entries + 4; ++steps) {
    if (bpf_map_get_next_key(parts_.fd.get(), first ? nullptr : at.data(), next.data()) != 0) {
      return errno == ENOENT ? Napi::Value(keys) : ThrowErrno(env, errno, "list keys of map", parts_.name);
    }
    first = false;
    at = next;
    if (!seen.insert(at).second) continue;
    keys.Set(keys.Length(), Napi::Buffer<char>::Copy(env, at.data(), at.size()));
  }
  return keys;
}

Napi::Value Map::Pin(const Napi::CallbackInfo& info) {
  if (ThrowIfClosed(info.Env())) return info.Env().Undefined();
  Arguments args(info, "pin");
  std::string path = args.Text(0, "path");
  if (args.bad()) return info.Env().Undefined();
  if (bpf_obj_pin(parts_.fd.get(), path.c_str()) != 0) return ThrowErrno(info.Env(), errno, "pin map", path);
  return info.Env().Undefined();
}

Napi::Value Map::Info(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (ThrowIfClosed(env)) return env.Undefined();
  struct bpf_map_info data = {};
  if (ReadInfo(parts_.fd.get(), &data) != 0) {
    return ThrowErrno(env, errno, "read info of map", parts_.name);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("id", data.id);
  result.Set("name", parts_.name);
  result.Set("type", data.type);
  result.Set("keySize", data.key_size);
  result.Set("valueSize", data.value_size);
  result.Set("maxEntries", data.max_entries);
  return result;
}

}  // namespace cloudtaser

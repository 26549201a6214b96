// SPDX-License-Identifier: Apache-2.0
// Links: see link.h.
#include "link.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "arguments.h"
#include "fd.h"

namespace cloudtaser {

Napi::Function Link::Define(Napi::Env env) {
  return DefineClass(env, "BpfLink",
                     {InstanceAccessor<&Link::GetFd>("fd"), InstanceMethod<&Link::Info>("info"),
                      InstanceMethod<&Link::Pin>("pin"), InstanceMethod<&Link::Close>("close")});
}

Napi::Value Link::OpenPinned(const Napi::CallbackInfo& info) {
  Arguments args(info, "openLink");
  std::string path = args.Text(0, "path");
  if (args.bad()) return info.Env().Undefined();

  LogCapture log;
  LinkPtr link(bpf_link__open(path.c_str()));
  if (!link) return ThrowErrno(info.Env(), errno, "open link", path, log.text());

  // bpffs gives whatever is pinned there; a map taken for a link would look attached for ever.
  // "bpf-link" when opened by path, "bpf_link" when made by an attach.
  std::string kind = KindOf(bpf_link__fd(link.get()));
  if (kind.find("bpf-link") == kind.npos && kind.find("bpf_link") == kind.npos) {
    return ThrowErrno(info.Env(), EINVAL, "open link", path, "pinned there: " + kind);
  }
  return Make(info.Env(), Instance::Of(info.Env()).link, Parts{std::move(link), path});
}

Napi::Value Link::GetFd(const Napi::CallbackInfo& info) {
  if (!parts_.link) return ThrowClosed(info.Env(), "link " + parts_.name);
  return Napi::Number::New(info.Env(), bpf_link__fd(parts_.link.get()));
}

Napi::Value Link::Info(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!parts_.link) return ThrowClosed(env, "link " + parts_.name);
  struct bpf_link_info data = {};
  __u32 size = sizeof(data);
  if (bpf_obj_get_info_by_fd(bpf_link__fd(parts_.link.get()), &data, &size) != 0) {
    // Before 5.15 a kprobe hangs on a perf event, which is not a BPF object.
    if (errno == EINVAL) return env.Undefined();
    return ThrowErrno(env, errno, "read info of link", parts_.name);
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("id", data.id);
  result.Set("programId", data.prog_id);
  return result;
}

Napi::Value Link::Pin(const Napi::CallbackInfo& info) {
  if (!parts_.link) return ThrowClosed(info.Env(), "link " + parts_.name);
  Arguments args(info, "pin");
  std::string path = args.Text(0, "path");
  if (args.bad()) return info.Env().Undefined();
  // Not bpf_link__pin: it refuses a second pin, which a hand-over by rename needs.
  if (bpf_obj_pin(bpf_link__fd(parts_.link.get()), path.c_str()) != 0) {
    return ThrowErrno(info.Env(), errno, "pin link", path);
  }
  return info.Env().Undefined();
}

}  // namespace cloudtaser

// SPDX-License-Identifier: Apache-2.0
// Iterators: see iterator.h.
#include "iterator.h"

#include <bpf/bpf.h>
#include <errno.h>

#include <vector>

#include "arguments.h"
#include "object.h"

namespace cloudtaser {

Napi::Function Iterator::Define(Napi::Env env) {
  return DefineClass(env, "BpfIterator",
                     {InstanceMethod<&Iterator::Run>("run"), InstanceMethod<&Iterator::Pin>("pin"),
                      InstanceMethod<&Iterator::Info>("info"), InstanceMethod<&Iterator::Close>("close")});
}

Napi::Value Iterator::OpenPinned(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Arguments args(info, "openIterator");
  std::string path = args.Text(0, "path");
  if (args.bad()) return env.Undefined();
  Fd program(bpf_obj_get(path.c_str()));
  if (!program) return ThrowErrno(env, errno, "open program", path);
  // bpffs gives whatever is pinned there.
  std::string kind = KindOf(program.get());
  if (kind.find("bpf-prog") == kind.npos) return ThrowErrno(env, EINVAL, "open program", path, "pinned there: " + kind);
  return Make(env, Instance::Of(env).iterator, Parts{std::move(program), path});
}

Napi::Value Iterator::Run(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!parts_.program) return ThrowClosed(env, "iterator " + parts_.name);
  LogCapture log;
  Fd link(bpf_link_create(parts_.program.get(), 0, BPF_TRACE_ITER, nullptr));
  if (!link) return ThrowErrno(env, errno, "attach iterator", parts_.name, log.text());
  Fd run(bpf_iter_create(link.get()));
  if (!run) return ThrowErrno(env, errno, "start iterator", parts_.name, log.text());

  constexpr size_t kChunk = 64 * 1024;
  std::vector<uint8_t> output;
  size_t filled = 0;
  while (true) {
    output.resize(filled + kChunk);
    ssize_t size = read(run.get(), output.data() + filled, kChunk);
    if (size == 0) break;
    if (size > 0) {
      filled += static_cast<size_t>(size);
    } else if (errno != EINTR && errno != EAGAIN) {  // EAGAIN: a million objects without output, go on
      return ThrowErrno(env, errno, "read iterator", parts_.name, log.text());
    }
  }
  return Napi::Buffer<uint8_t>::Copy(env, output.data(), filled);
}

Napi::Value Iterator::Info(const Napi::CallbackInfo& info) {
  if (!parts_.program) return ThrowClosed(info.Env(), "iterator " + parts_.name);
  return Object::DescribeProgram(info.Env(), parts_.program.get(), parts_.name);
}

Napi::Value Iterator::Pin(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!parts_.program) return ThrowClosed(env, "iterator " + parts_.name);
  Arguments args(info, "pin");
  std::string path = args.Text(0, "path");
  if (args.bad()) return env.Undefined();
  if (bpf_obj_pin(parts_.program.get(), path.c_str()) != 0) return ThrowErrno(env, errno, "pin program", path);
  return env.Undefined();
}

}  // namespace cloudtaser

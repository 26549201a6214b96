// SPDX-License-Identifier: Apache-2.0
// A kernel that is locked down to confidentiality refuses the helper that reads kernel memory, and lets programs have
// the one that reads user memory. libbpf takes it for a kernel from before both and puts the helper that reads either
// in their place, which is refused as well. What it has done is undone by the one handler that it calls after that:
// that of sections which it does not know. So these programs have such sections, "typed/" before the usual name.
#include "typed.h"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cstring>
#include <string>

#include "blueprint.h"

namespace cloudtaser {

namespace {

constexpr char kPrefix[] = "typed/";
constexpr size_t kPrefixLength = sizeof(kPrefix) - 1;

struct Kind {
  const char* name;
  enum bpf_prog_type type;
  enum bpf_attach_type attach_type;
};

constexpr Kind kKinds[] = {
    {"lsm/", BPF_PROG_TYPE_LSM, BPF_LSM_MAC},
    {"tp_btf/", BPF_PROG_TYPE_TRACING, BPF_TRACE_RAW_TP},
    {"iter/", BPF_PROG_TYPE_TRACING, BPF_TRACE_ITER},
};

// Also where blueprint.cc has changed the first letter.
bool IsTyped(const struct bpf_program* program) {
  const char* section = bpf_program__section_name(program);
  return section[0] != '\0' && strncmp(section + 1, kPrefix + 1, kPrefixLength - 1) == 0;
}

int Prepare(struct bpf_program* program, struct bpf_prog_load_opts*, long) {
  RestoreUserReads(program);
  return DrawInstead();
}

}  // namespace

void RestoreUserReads(struct bpf_program* program) {
  if (!IsTyped(program)) return;
  // libbpf gives them out to be read; they are its own copy, and it hands this copy to the kernel.
  auto* instructions = const_cast<struct bpf_insn*>(bpf_program__insns(program));
  const size_t count = bpf_program__insn_cnt(program);
  for (size_t i = 0; i < count; i++) {
    struct bpf_insn& one = instructions[i];
    if (one.code != (BPF_JMP | BPF_CALL) || one.src_reg != 0) continue;
    // There is no other call of these: kernel memory is read by loads.
    if (one.imm == BPF_FUNC_probe_read) one.imm = BPF_FUNC_probe_read_user;
    if (one.imm == BPF_FUNC_probe_read_str) one.imm = BPF_FUNC_probe_read_user_str;
  }
}

void RegisterTyped() {
  static const int once = [] {
    LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = Prepare);
    return libbpf_register_prog_handler(nullptr, BPF_PROG_TYPE_UNSPEC, static_cast<enum bpf_attach_type>(0), &options);
  }();
  (void)once;  // If it failed, these programs are refused, with the verifier's words.
}

struct bpf_program* ShapeTyped(struct bpf_object* object, int* error) {
  struct bpf_program* program;
  bpf_object__for_each_program(program, object) {
    const char* section = bpf_program__section_name(program);
    if (strncmp(section, kPrefix, kPrefixLength) != 0 || !bpf_program__autoload(program)) continue;
    // setForm has given it another.
    if (bpf_program__type(program) != BPF_PROG_TYPE_UNSPEC) continue;
    *error = -EINVAL;
    for (const Kind& kind : kKinds) {
      const size_t length = strlen(kind.name);
      if (strncmp(section + kPrefixLength, kind.name, length) != 0) continue;
      *error = bpf_program__set_type(program, kind.type);
      if (*error == 0) *error = bpf_program__set_expected_attach_type(program, kind.attach_type);
      if (*error == 0) *error = bpf_program__set_attach_target(program, 0, section + kPrefixLength + length);
    }
    if (*error != 0) return program;
  }
  *error = 0;
  return nullptr;
}

}  // namespace cloudtaser

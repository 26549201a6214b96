// SPDX-License-Identifier: Apache-2.0
// libbpf fits programs to the kernel in the midst of a load, and shows them to nobody. But it asks the handler of
// sections that it does not know before it hands over a program, when all of them are fitted. So the sections get names
// that it does not know, and the handler takes down what there is and stops the load. Maps that are not shared are made
// for it, and gone with the object; nothing is verified, and no program made.
#include "blueprint.h"

#include <bpf/bpf.h>
#include <errno.h>

#include <algorithm>

#include "typed.h"

namespace cloudtaser {

namespace {

// For the time of a load on this thread.
thread_local struct bpf_object* drawing = nullptr;
thread_local std::vector<Blueprint>* drawn_so_far = nullptr;

bool NamesMap(const struct bpf_insn& one) {
  return one.code == (BPF_LD | BPF_IMM | BPF_DW) &&
         (one.src_reg == BPF_PSEUDO_MAP_FD || one.src_reg == BPF_PSEUDO_MAP_VALUE);
}

int AddMap(int fd, Blueprint* blueprint) {
  struct bpf_map_info info = {};
  __u32 size = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0) return -errno;
  auto& maps = blueprint->maps;
  if (std::any_of(maps.begin(), maps.end(), [&](const auto& map) { return map.id == info.id; })) return 0;
  struct bpf_map* map;
  bpf_object__for_each_map(map, drawing) {
    if (bpf_map__fd(map) == fd) maps.push_back({bpf_map__name(map), info.id});
  }
  return maps.empty() || maps.back().id != info.id ? -ENOENT : 0;
}

int Draw(struct bpf_program* program, Blueprint* blueprint) {
  RestoreUserReads(program);
  const struct bpf_insn* fitted = bpf_program__insns(program);
  blueprint->name = bpf_program__name(program);
  blueprint->instructions.assign(fitted, fitted + bpf_program__insn_cnt(program));
  auto& instructions = blueprint->instructions;
  for (size_t i = 0; i < instructions.size(); i++) {
    if (!NamesMap(instructions[i])) continue;
    int error = AddMap(instructions[i].imm, blueprint);
    if (error != 0) return error;
    instructions[i].imm = 0;
    if (i + 1 < instructions.size()) instructions[i + 1].imm = 0;
  }
  return 0;
}

}  // namespace

int DrawBlueprints(struct bpf_object* object, std::vector<Blueprint>* drawn) {
  struct bpf_program* program;
  bpf_object__for_each_program(program, object) {
    // Any type will do: it changes no instruction.
    int error = bpf_program__autoload(program) ? bpf_program__set_type(program, BPF_PROG_TYPE_SOCKET_FILTER) : 0;
    if (error != 0) return error;
  }
  drawing = object;
  drawn_so_far = drawn;
  int error = bpf_object__load(object);
  drawing = nullptr;
  drawn_so_far = nullptr;
  // It cannot have come to its end: some program was to be loaded, or there was none.
  return error == -ECANCELED ? 0 : error == 0 ? -EINVAL : error;
}

int DrawInstead() {
  if (drawing == nullptr) return 0;
  struct bpf_program* program;
  bpf_object__for_each_program(program, drawing) {
    if (!bpf_program__autoload(program)) continue;
    Blueprint blueprint;
    int error = Draw(program, &blueprint);
    if (error != 0) return error;
    drawn_so_far->push_back(std::move(blueprint));
  }
  return -ECANCELED;
}

}  // namespace cloudtaser

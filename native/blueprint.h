// SPDX-License-Identifier: Apache-2.0
// What a load would hand to the kernel: each program fitted to this kernel, without one being loaded. See blueprint.cc.
#pragma once

#include <bpf/libbpf.h>

#include <string>
#include <vector>

namespace cloudtaser {

struct Blueprint {
  struct Map {
    std::string name;
    __u32 id;
  };
  std::string name;
  // As the kernel digests them for a program's tag: what stands for a map is zero.
  std::vector<struct bpf_insn> instructions;
  // In the order in which the program first names them, each once.
  std::vector<Map> maps;
};

// Of an object that was opened from contents of which HideSections() has hidden the sections; it cannot be loaded after
// that. 0 or a negative errno.
int DrawBlueprints(struct bpf_object* object, std::vector<Blueprint>* drawn);

// Whether a load that has come to a program's turn is one that only draws: it is stopped by that error.
int DrawInstead();

}  // namespace cloudtaser

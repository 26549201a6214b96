// SPDX-License-Identifier: Apache-2.0
// Programs that are loaded on a kernel that is locked down to confidentiality: see typed.cc.
#pragma once

#include <bpf/libbpf.h>

namespace cloudtaser {

// Once for the process; may be called again.
void RegisterTyped();

// Of a program of such a section, fitted to the kernel: has it read user memory again. Leaves others alone.
void RestoreUserReads(struct bpf_program* program);

// Gives the programs of such an object that are to be loaded their types, as their sections say. Null, or the one for
// which `error` (negative errno) is.
struct bpf_program* ShapeTyped(struct bpf_object* object, int* error);

}  // namespace cloudtaser

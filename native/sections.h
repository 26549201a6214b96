// SPDX-License-Identifier: Apache-2.0
// What is changed in the contents of an object file before libbpf reads them. Contents of any kind do no harm here.
#pragma once

#include <string>

namespace cloudtaser {

// What the name of a hidden section begins with.
constexpr char kUnknown = '!';

// Renames the sections of programs in the contents of an object file, so that libbpf has no handler of its own for
// them. False if it is no object file that can be read; its contents are not to be used then.
bool HideSections(std::string* contents);

}  // namespace cloudtaser

// SPDX-License-Identifier: Apache-2.0
// Which program the kernel refused. libbpf tells it only in its log: "prog 'NAME': failed to load: -22".
#pragma once

#include <string>

namespace cloudtaser {

// "" if the log does not say.
inline std::string RefusedProgram(const std::string& log) {
  size_t end = log.rfind("': failed to load");
  if (end == std::string::npos || end == 0) return "";
  size_t begin = log.rfind('\'', end - 1);
  return begin == std::string::npos ? "" : log.substr(begin + 1, end - begin - 1);
}

}  // namespace cloudtaser

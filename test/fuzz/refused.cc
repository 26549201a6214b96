// SPDX-License-Identifier: Apache-2.0
// The name of a program in any log of the kernel and libbpf: what stands between the quotes, or nothing.
#include "../../native/refused.h"

#include <cstdint>

#include "check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const std::string log(reinterpret_cast<const char *>(data), size);
	const std::string name = cloudtaser::RefusedProgram(log);
	CHECK(name.find('\'') == std::string::npos);
	if (!name.empty())
		CHECK(log.find("'" + name + "': failed to load") != std::string::npos);
	return 0;
}

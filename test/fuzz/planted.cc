// SPDX-License-Identifier: Apache-2.0
// A fault on purpose, for the test of the fuzzers themselves: one byte behind an array, four letters away.
#include <cstdint>
#include <cstring>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	std::vector<uint8_t> copy(data, data + size);
	if (size < 4 || memcmp(copy.data(), "door", 4) != 0)
		return 0;
	volatile uint8_t sum = 0;
	for (size_t i = 0; i <= size; ++i)
		sum = static_cast<uint8_t>(sum + copy.data()[i]);
	return 0;
}

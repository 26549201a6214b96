// SPDX-License-Identifier: Apache-2.0
// What the kernel knows a secret by, for any secret and key: as many windows as there are, all in range and rising, and
// candidates that lie in the form and are what the kernel will compute there.
#include "../../native/prints.h"

#include <algorithm>
#include <cstring>

#include "../../bpf/abi_leak.h"
#include "../../bpf/leak_hash.h"
#include "check.h"

using namespace cloudtaser;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Key key;
	if (size < sizeof(key) + CT_LEAK_FORM_MIN)
		return 0;
	memcpy(&key, data, sizeof(key));
	data += sizeof(key);
	size -= sizeof(key);
	for (const SecretForm &form : FormsOf(data, size)) {
		Print print = PrintOf(form.bytes, key);
		CHECK(print.length == form.bytes.size());
		CHECK(print.windows.size() == form.bytes.size() - CT_LEAK_WINDOW + 1);
		CHECK(std::is_sorted(print.windows.begin(), print.windows.end()));
		CHECK(print.windows.back() < 1u << CT_LEAK_WINDOW_BITS);
		CHECK(!print.candidates.empty() && print.candidates.size() <= kMaxCandidates);
		for (const Candidate &candidate : print.candidates) {
			CHECK(candidate.offset + CT_LEAK_WINDOW <= form.bytes.size());
			__u64 window;
			memcpy(&window, form.bytes.data() + candidate.offset, sizeof(window));
			CHECK(candidate.window == ct_leak_anchor_hash(window, key.half[0], key.half[1]));
			CHECK(candidate.anchor_bit < 1u << CT_LEAK_ANCHOR_BITS);
			__u32 bit = ct_leak_window_bit(ct_leak_mix(window, key.half[0], key.half[1]));
			CHECK(std::binary_search(print.windows.begin(), print.windows.end(), bit));
		}
	}
	return 0;
}

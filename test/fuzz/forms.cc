// SPDX-License-Identifier: Apache-2.0
// The forms of any secret: each of a length that the kernel takes, each once, and base64 and hexadecimal as they stand
// in what others write with any bytes around the secret.
#include "../../native/forms.h"

#include <linux/types.h>

#include <cstring>
#include <set>
#include <string>

#include "../../bpf/abi_leak.h"
#include "check.h"

using namespace cloudtaser;

namespace
{

std::string Base64(const std::string &bytes, const char *last)
{
	std::string alphabet = std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") + last;
	std::string out;
	unsigned bits = 0, count = 0;
	for (unsigned char c : bytes) {
		bits = bits << 8 | c;
		for (count += 8; count >= 6; count -= 6)
			out.push_back(alphabet[bits >> (count - 6) & 63]);
		bits &= 63;
	}
	if (count > 0)
		out.push_back(alphabet[bits << (6 - count) & 63]);
	return out;
}

std::string WithoutNewlines(std::string text)
{
	std::string out;
	for (char c : text) {
		if (c != '\n')
			out.push_back(c);
	}
	return out;
}

} // namespace

// The first byte stands around the secret in what others encode.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 + CT_LEAK_FORM_MIN)
		return 0;
	char around = static_cast<char>(*data++);
	--size;
	const std::string secret(reinterpret_cast<const char *>(data), size);
	std::set<std::string> base64, seen;
	for (const char *last : { "+/", "-_" }) {
		for (size_t before = 0; before < 3; ++before) {
			base64.insert(Base64(std::string(before, around) + secret + std::string(2, around), last));
		}
	}
	bool plain = false, hex = false;
	for (const SecretForm &form : FormsOf(data, size)) {
		const std::string text(form.bytes.begin(), form.bytes.end());
		CHECK(text.size() >= CT_LEAK_FORM_MIN && text.size() <= CT_LEAK_FORM_MAX);
		CHECK(seen.insert(text).second);
		bool encoded = false;
		switch (form.encoding) {
		case CT_LEAK_ENCODING_PLAIN:
			CHECK(secret.find(text) != std::string::npos);
			plain = true;
			break;
		case CT_LEAK_ENCODING_BASE64:
		case CT_LEAK_ENCODING_BASE64URL:
			for (const std::string &whole : base64)
				encoded |= whole.find(WithoutNewlines(text)) != std::string::npos;
			CHECK(encoded);
			break;
		case CT_LEAK_ENCODING_HEX:
		case CT_LEAK_ENCODING_HEX_UPPER: hex = true; break;
		default: break;
		}
	}
	CHECK(plain && hex);
	CHECK(seen.size() <= 30 * kMaxPieces);
	return 0;
}

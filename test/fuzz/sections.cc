// SPDX-License-Identifier: Apache-2.0
// The contents of any file, of which sections are to be hidden: nothing but first letters of names changes, and where the
// file is one that can be read, no program's section has a name that libbpf knows.
#include "../../native/sections.h"

#include <elf.h>

#include <cstdint>
#include <cstring>

#include "check.h"

using namespace cloudtaser;

namespace
{

template <typename T> T At(const std::string &contents, size_t offset)
{
	T value;
	CHECK(offset <= contents.size() && sizeof(value) <= contents.size() - offset);
	memcpy(&value, contents.data() + offset, sizeof(value));
	return value;
}

// As a reader sees them: headers that hold one another's letters make a file that nobody understands.
bool SameHeaders(const std::string &before, const std::string &after)
{
	auto head = At<Elf64_Ehdr>(before, 0);
	const size_t size = head.e_shnum * sizeof(Elf64_Shdr);
	return memcmp(before.data(), after.data(), sizeof(head)) == 0 &&
	       memcmp(before.data() + head.e_shoff, after.data() + head.e_shoff, size) == 0;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const std::string before(reinterpret_cast<const char *>(data), size);
	std::string after = before;
	const bool done = HideSections(&after);
	CHECK(after.size() == before.size());
	for (size_t i = 0; i < size; ++i)
		CHECK(after[i] == before[i] || (after[i] == kUnknown && before[i] != '\0'));
	if (!done || !SameHeaders(before, after))
		return 0;
	auto head = At<Elf64_Ehdr>(after, 0);
	auto names = At<Elf64_Shdr>(after, head.e_shoff + head.e_shstrndx * sizeof(Elf64_Shdr));
	for (size_t i = 0; i < head.e_shnum; ++i) {
		auto section = At<Elf64_Shdr>(after, head.e_shoff + i * sizeof(Elf64_Shdr));
		char first = At<char>(after, names.sh_offset + section.sh_name);
		if (section.sh_flags & SHF_EXECINSTR)
			CHECK(first == kUnknown || first == '.' || first == '\0');
	}
	return 0;
}

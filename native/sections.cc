// SPDX-License-Identifier: Apache-2.0
// Names of sections: see sections.h. Headers are copied before anything is written: they lie at any address, and
// whoever wrote the file may have them overlap with the names that are changed here.
#include "sections.h"

#include <elf.h>

#include <cstring>
#include <vector>

namespace cloudtaser {

namespace {

bool Holds(const std::string& contents, uint64_t offset, uint64_t size) {
  return offset <= contents.size() && size <= contents.size() - offset;
}

bool CopyHeaders(const std::string& contents, Elf64_Ehdr* head, std::vector<Elf64_Shdr>* sections) {
  if (!Holds(contents, 0, sizeof(*head))) return false;
  memcpy(head, contents.data(), sizeof(*head));
  if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != ELFCLASS64) return false;
  const size_t size = head->e_shnum * sizeof(Elf64_Shdr);
  if (!Holds(contents, head->e_shoff, size) || head->e_shstrndx >= head->e_shnum) return false;
  sections->resize(head->e_shnum);
  memcpy(sections->data(), contents.data() + head->e_shoff, size);
  return true;
}

// Exactly that name in a table of names that end with NUL each.
void Rename(char* table, size_t size, const std::string& name) {
  for (size_t at = 0; at + name.size() < size; at++) {
    if ((at == 0 || table[at - 1] == '\0') && memcmp(table + at, name.c_str(), name.size() + 1) == 0) {
      table[at] = kUnknown;
      return;
    }
  }
}

}  // namespace

bool HideSections(std::string* contents) {
  Elf64_Ehdr head;
  std::vector<Elf64_Shdr> sections;
  if (!CopyHeaders(*contents, &head, &sections)) return false;
  const Elf64_Shdr& names = sections[head.e_shstrndx];
  if (!Holds(*contents, names.sh_offset, names.sh_size) || names.sh_size == 0) return false;
  char* table = contents->data() + names.sh_offset;
  // No name goes beyond it then: what is written here takes no NUL away.
  if (table[names.sh_size - 1] != '\0') return false;
  std::vector<std::string> hidden;
  const Elf64_Shdr* types = nullptr;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_name >= names.sh_size) return false;
    char* name = table + section.sh_name;
    if (strcmp(name, ".BTF") == 0) types = &section;
    if (!(section.sh_flags & SHF_EXECINSTR) || name[0] == '.' || name[0] == '\0') continue;
    hidden.emplace_back(name);
    name[0] = kUnknown;
  }
  // What tells libbpf how to fit instructions names their section.
  if (types == nullptr || !Holds(*contents, types->sh_offset, types->sh_size)) return false;
  for (const std::string& name : hidden) Rename(contents->data() + types->sh_offset, types->sh_size, name);
  return true;
}

}  // namespace cloudtaser

// SPDX-License-Identifier: Apache-2.0
/*
 * A uprobe of the perf type at the entry point of the target's executable, where it will never come again: on the
 * target alone, or on whoever has the file mapped. Evidence is the descriptor.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned probe_type(void)
{
	unsigned type = 0;
	FILE *file = fopen("/sys/bus/event_source/devices/uprobe/type", "re");

	if (!file || fscanf(file, "%u", &type) != 1)
		cannot_try("the kernel has no perf type for uprobes");
	fclose(file);
	return type;
}

/* Where in the file the first instruction lies. */
static unsigned long entry_offset(const char *path)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || pread(fd, &header, sizeof(header), 0) != sizeof(header))
		cannot_try("the target's executable cannot be read");
	for (int i = 0; i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + (size_t)i * sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment))
			break;
		if (segment.p_type == PT_LOAD && header.e_entry >= segment.p_vaddr &&
		    header.e_entry < segment.p_vaddr + segment.p_filesz) {
			close(fd);
			return header.e_entry - segment.p_vaddr + segment.p_offset;
		}
	}
	errno = ENOEXEC;
	cannot_try("the target's executable has no entry point");
}

static void probe(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct perf_event_attr *attr = low_memory(4096);
	char *path = low_memory(4096), link[64];
	pid_t pid = road->number ? -1 : aim->target;
	int cpu = road->number ? 0 : -1;
	long fd;

	snprintf(link, sizeof(link), "/proc/%d/exe", aim->target);
	if (readlink(link, path, 4095) <= 0)
		cannot_try("the target's executable has no name");
	memset(attr, 0, sizeof(*attr));
	attr->size = sizeof(*attr);
	attr->type = probe_type();
	attr->uprobe_path = (unsigned long)path;
	attr->probe_offset = entry_offset(path);
	if (road->compat)
		fd = compat_syscall(336, (unsigned long)attr, (unsigned long)pid, (unsigned long)cpu, (unsigned long)-1,
				    0);
	else
		fd = syscall(SYS_perf_event_open, attr, pid, cpu, -1, 0);
	if (fd < 0) {
		refused(out, road->compat ? (int)-fd : errno);
		return;
	}
	succeeded(out, "", 0);
	close((int)fd);
}

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = probe },
	{ .name = "compat", .live = 1, .attempt = probe, .compat = 1 },
	{ .name = "system_wide", .live = 1, .wide = 1, .attempt = probe, .number = 1 },
	{ .name = "system_wide_compat", .live = 1, .wide = 1, .attempt = probe, .number = 1, .compat = 1 },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "uprobe", roads, COUNT(roads));
}

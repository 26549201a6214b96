// SPDX-License-Identifier: Apache-2.0
/* Memory that others can map is mapped to write to it; what was written is then read by way of the file or segment. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "marker.h"

#define PAGE	     4096
#define WRITE_LATER  (1 << 8)
#define COMPAT_MMAP  90
#define COMPAT_MMAP2 192
#define COMPAT_IPC   117
#define COMPAT_SHMAT 397

static int memory_file(const char *path)
{
	char name[] = "/var/tmp/shared-XXXXXX";
	int fd = path[0] == '/' ? mkostemp(strcpy(name, path), O_CLOEXEC) : memfd_create(path, MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, PAGE))
		cannot_try("no file to map");
	if (path[0] == '/')
		unlink(name);
	return fd;
}

static void *pointer_of(long result)
{
	if (result >= 0 || result < -4095)
		return (void *)(result & 0xffffffff);
	errno = (int)-result;
	return MAP_FAILED;
}

static void *map_compat(int call, int fd)
{
	unsigned int *arguments = low_memory(PAGE);

	if (call == COMPAT_MMAP2)
		return pointer_of(compat_syscall(call, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, (unsigned int)fd));
	arguments[1] = PAGE;
	arguments[2] = PROT_READ | PROT_WRITE;
	arguments[3] = MAP_SHARED;
	arguments[4] = (unsigned int)fd;
	return pointer_of(compat_syscall(call, (unsigned long)arguments, 0, 0, 0, 0));
}

static void map_file(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int fd = memory_file(road->file), flags = road->number & ~WRITE_LATER, later = road->number & WRITE_LATER;
	char found[sizeof(MARKER)];
	char *memory;

	(void)aim;
	memory = road->compat ? map_compat(road->compat, fd)
			      : mmap(NULL, PAGE, PROT_READ | (later ? 0 : PROT_WRITE), flags, fd, 0);
	if (memory == MAP_FAILED || (later && mprotect(memory, PAGE, PROT_READ | PROT_WRITE))) {
		refused(out, errno);
		return;
	}
	memcpy(memory, MARKER, sizeof(MARKER));
	arrived(out, found, pread(fd, found, sizeof(found), 0));
}

static void *attach(const struct road *road, int segment)
{
	unsigned int *answer = low_memory(PAGE);
	long result;

	if (!road->compat)
		return shmat(segment, NULL, 0);
	/* Where the segment may lie is the same for both tables here: above 4 GiB only its low half comes back. */
	result = road->compat == COMPAT_IPC
			 ? compat_syscall(COMPAT_IPC, 21, (unsigned int)segment, 0, (unsigned long)answer, 0)
			 : compat_syscall(COMPAT_SHMAT, (unsigned int)segment, 0, 0, 0, 0);
	if (result < 0 && result >= -4095) {
		errno = (int)-result;
		return (void *)-1;
	}
	return answer;
}

static void attach_segment(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int segment = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
	char *memory = segment < 0 ? (void *)-1 : attach(road, segment), *again;

	(void)aim;
	if (segment < 0)
		cannot_try("no segment");
	if (memory == (void *)-1) {
		refused(out, errno);
	} else if (road->compat) {
		succeeded(out, MARKER, sizeof(MARKER) - 1);
	} else {
		memcpy(memory, MARKER, sizeof(MARKER));
		again = shmat(segment, NULL, SHM_RDONLY);
		arrived(out, again, again == (void *)-1 ? -1 : (long)sizeof(MARKER));
	}
	shmctl(segment, IPC_RMID, NULL);
}

#define FILE_ROAD(NAME, FILE, FLAGS, COMPAT)                                                                           \
	{ .name = NAME, .not_live = OWN_ACT, .attempt = map_file, .file = FILE, .number = FLAGS, .compat = COMPAT }

static const struct road roads[] = {
	FILE_ROAD("file", "/var/tmp/shared-XXXXXX", MAP_SHARED, 0),
	FILE_ROAD("tmpfs", "/run/shared-XXXXXX", MAP_SHARED, 0),
	FILE_ROAD("memfd", "shared", MAP_SHARED, 0),
	FILE_ROAD("validate", "/run/shared-XXXXXX", MAP_SHARED_VALIDATE, 0),
	FILE_ROAD("mprotect", "/var/tmp/shared-XXXXXX", MAP_SHARED | WRITE_LATER, 0),
	FILE_ROAD("mprotect_memfd", "shared", MAP_SHARED | WRITE_LATER, 0),
	FILE_ROAD("compat", "shared", MAP_SHARED, COMPAT_MMAP),
	FILE_ROAD("compat_mmap2", "shared", MAP_SHARED, COMPAT_MMAP2),
	{ .name = "shmat", .not_live = OWN_ACT, .attempt = attach_segment },
	{ .name = "shmat_compat", .not_live = OWN_ACT, .attempt = attach_segment, .compat = COMPAT_SHMAT },
	{ .name = "shmat_ipc", .not_live = OWN_ACT, .attempt = attach_segment, .compat = COMPAT_IPC },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "chan_shared_map", roads, COUNT(roads));
}

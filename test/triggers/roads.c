// SPDX-License-Identifier: Apache-2.0
/* The ways to open one and the same file that a path check may forget. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Elsewhere no 64-bit program makes a 32-bit call, so nothing needs low memory. */
#ifndef MAP_32BIT
#define MAP_32BIT 0
#endif

int open_plain(const char *path, int flags)
{
	int fd = open(path, flags);

	return fd < 0 ? -errno : fd;
}

void *low_memory(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (memory == MAP_FAILED)
		cannot_try("no memory below 4 GiB");
	return memory;
}

long compat_syscall(long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d, unsigned long e)
{
#ifdef __x86_64__
	long result;

	/* The sixth argument is ebp, which the compiler will not lend; the red zone lies below the stack pointer. */
	__asm__ volatile("sub $128, %%rsp\n\t"
			 "push %%rbp\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "int $0x80\n\t"
			 "pop %%rbp\n\t"
			 "add $128, %%rsp"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
			 : "memory", "cc", "r8", "r9", "r10", "r11");
	return (int)result;
#else
	(void)number, (void)a, (void)b, (void)c, (void)d, (void)e;
	errno = ENOSYS;
	cannot_try("a 64-bit program has no way to the 32-bit calls of this processor");
#endif
}

int open_compat(const char *path, int flags)
{
	char *low = low_memory(4096);

	snprintf(low, 4096, "%s", path);
	return (int)compat_syscall(5 /* open */, (unsigned long)low, (unsigned long)flags, 0, 0, 0);
}

void private_mnt(void)
{
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		cannot_try("no mount namespace of our own");
	if (mount("none", "/mnt", "tmpfs", 0, NULL))
		cannot_try("no tmpfs on /mnt");
}

int open_second_procfs(const char *path, int flags)
{
	char second[160];

	private_mnt();
	if (mkdir("/mnt/proc", 0755) || mount("none", "/mnt/proc", "proc", 0, NULL))
		cannot_try("no second procfs");
	snprintf(second, sizeof(second), "/mnt%s", path);
	return open_plain(second, flags);
}

int open_bind(const char *path, int flags)
{
	int fd;

	private_mnt();
	fd = open("/mnt/bound", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0 || close(fd) || mount(path, "/mnt/bound", NULL, MS_BIND, NULL))
		cannot_try("the file cannot be bind mounted");
	return open_plain("/mnt/bound", flags);
}

int open_opath(const char *path, int flags)
{
	char again[64];
	int result;
	int fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		cannot_try("O_PATH open failed");
	snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
	result = open_plain(again, flags);
	close(fd);
	return result;
}

struct order {
	const char *path;
	int flags;
	int result;
};

static void *open_as_ordered(void *argument)
{
	struct order *order = argument;

	order->result = open_plain(order->path, order->flags);
	return NULL;
}

int open_in_thread(const char *path, int flags)
{
	struct order order = { path, flags, -ECANCELED };
	pthread_t thread;

	errno = pthread_create(&thread, NULL, open_as_ordered, &order);
	if (errno)
		cannot_try("no second thread");
	pthread_join(thread, NULL);
	return order.result;
}

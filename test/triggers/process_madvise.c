// SPDX-License-Identifier: Apache-2.0
/* Advice to push a page of the target out: the one with the header of its executable, which is mapped and not locked.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FIRST_PAGE 0x400000 /* of every static program that is linked as the victim is */

struct order {
	int pidfd;
	long result;
};

static void *advise(void *argument)
{
	struct order *order = argument;
	struct iovec page = { (void *)FIRST_PAGE, 4096 };

	order->result = syscall(SYS_process_madvise, order->pidfd, &page, 1, MADV_PAGEOUT, 0);
	if (order->result < 0)
		order->result = -errno;
	return NULL;
}

static void push_out(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct order order = { .pidfd = (int)syscall(SYS_pidfd_open, aim->target, 0) };
	pthread_t thread;

	if (order.pidfd < 0)
		cannot_try("pidfd_open failed");
	if (road->compat) {
		struct {
			uint32_t base, length;
		} *page = low_memory(4096);

		page->base = FIRST_PAGE;
		page->length = 4096;
		order.result = compat_syscall(SYS_process_madvise, (unsigned long)order.pidfd, (unsigned long)page, 1,
					      MADV_PAGEOUT, 0);
	} else if (road->number) {
		errno = pthread_create(&thread, NULL, advise, &order);
		if (errno)
			cannot_try("no second thread");
		pthread_join(thread, NULL);
	} else {
		advise(&order);
	}
	if (order.result > 0)
		succeeded(out, "", 0);
	else
		refused(out, order.result ? (int)-order.result : ENODATA);
}

#define DAMON "/sys/kernel/mm/damon/admin/kdamonds"

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		cannot_try("DAMON cannot be set up here");
	close(fd);
}

/* As far as the process that is to be watched; DAMON is not switched on. */
static void name_to_damon(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char text[16];
	int fd;

	write_file(DAMON "/nr_kdamonds", "1");
	write_file(DAMON "/0/contexts/nr_contexts", "1");
	write_file(DAMON "/0/contexts/0/operations", "vaddr");
	write_file(DAMON "/0/contexts/0/targets/nr_targets", "1");
	fd = road->open(DAMON "/0/contexts/0/targets/0/pid_target", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		refused(out, -fd);
	else if (write(fd, text, (size_t)snprintf(text, sizeof(text), "%d", aim->target)) < 0)
		refused(out, errno);
	else
		succeeded(out, text, strlen(text));
	if (fd >= 0)
		close(fd);
	write_file(DAMON "/nr_kdamonds", "0");
}

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = push_out },
	{ .name = "thread_of_attacker", .live = 1, .attempt = push_out, .number = 1 },
	{ .name = "compat", .live = 1, .attempt = push_out, .compat = 1 },
	{ .not_live = "it takes DAMON from whoever uses it",
	  .name = "damon",
	  .attempt = name_to_damon,
	  .open = open_plain },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "process_madvise", roads, COUNT(roads));
}

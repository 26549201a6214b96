// SPDX-License-Identifier: Apache-2.0
/* Advice to push a page of the target out: the one with the header of its executable, which is mapped and not locked.
 */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
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

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = push_out },
	{ .name = "thread_of_attacker", .live = 1, .attempt = push_out, .number = 1 },
	{ .name = "compat", .live = 1, .attempt = push_out, .compat = 1 },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "process_madvise", roads, COUNT(roads));
}

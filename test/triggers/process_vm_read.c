// SPDX-License-Identifier: Apache-2.0
/* The target's secret by process_vm_readv. */
#define _GNU_SOURCE
#include "crossmem.h"

#include <pthread.h>

static void conclude(struct outcome *out, const void *secret, long result)
{
	if (result > 0)
		succeeded(out, secret, (size_t)result);
	else
		refused(out, result ? (int)-result : ENODATA);
}

static void read_leader(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char secret[256];

	(void)road;
	conclude(out, secret, cross_native(SYS_process_vm_readv, aim->target, secret, aim->address, aim->length));
}

static void read_thread(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char secret[256];

	(void)road;
	conclude(out, secret, cross_native(SYS_process_vm_readv, other_thread(aim), secret, aim->address, aim->length));
}

static void read_compat(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char *secret = low_memory(4096);

	(void)road;
	conclude(out, secret, cross_compat(347, aim->target, secret, aim->address, aim->length));
}

struct order {
	const struct aim *aim;
	struct outcome *out;
};

static void *read_as_ordered(void *argument)
{
	struct order *order = argument;

	read_leader(order->aim, NULL, order->out);
	return NULL;
}

static void read_from_thread(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct order order = { aim, out };
	pthread_t thread;

	(void)road;
	errno = pthread_create(&thread, NULL, read_as_ordered, &order);
	if (errno)
		cannot_try("no second thread");
	pthread_join(thread, NULL);
}

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = read_leader },
	{ .name = "thread", .live = 1, .attempt = read_thread },
	{ .name = "thread_of_attacker", .live = 1, .attempt = read_from_thread },
	{ .name = "compat", .live = 1, .attempt = read_compat },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "process_vm_read", roads, COUNT(roads));
}

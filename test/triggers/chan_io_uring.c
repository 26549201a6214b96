// SPDX-License-Identifier: Apache-2.0
/* Something leaves through a ring: into a pipe, a socket or a connection, by the caller, a worker or a polling thread.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "marker.h"
#include "uring.h"

#define PATIENCE_MS 5000

static void judge(const struct road *road, const struct io_uring_sqe *wanted, int other_end, struct outcome *out)
{
	struct pollfd ready = { .fd = other_end, .events = POLLIN };
	char found[sizeof(MARKER)];
	int result = 0, error = try_ring(wanted, (unsigned int)road->number, road->compat, &result);

	if (!error && result < 0)
		error = -result;
	if (error)
		refused(out, error);
	else if (poll(&ready, 1, PATIENCE_MS) != 1)
		refused(out, ENODATA);
	else
		arrived(out, found, read(other_end, found, sizeof(found)));
}

static void let_out(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct io_uring_sqe wanted = { .opcode = IORING_OP_WRITE,
				       .addr = (unsigned long)MARKER,
				       .len = sizeof(MARKER) };
	int ends[2];

	(void)aim;
	if (road->file) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
			cannot_try("no socket");
		wanted.opcode = IORING_OP_SEND;
		wanted.fd = ends[0];
		judge(road, &wanted, ends[1], out);
		return;
	}
	if (pipe2(ends, O_CLOEXEC))
		cannot_try("no pipe");
	wanted.fd = ends[1];
	wanted.flags = road->in_task ? IOSQE_ASYNC : 0;
	judge(road, &wanted, ends[0], out);
}

/* To an address without a name in the file system: where it connects to is of no concern here. */
static void connect_out(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	struct io_uring_sqe wanted = { .opcode = IORING_OP_CONNECT, .addr = (unsigned long)&where };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), result = 0, error;
	socklen_t size = sizeof(sa_family_t);

	(void)aim;
	if (listener < 0 || bind(listener, (struct sockaddr *)&where, size) || listen(listener, 1))
		cannot_try("nobody listens");
	size = sizeof(where);
	if (getsockname(listener, (struct sockaddr *)&where, &size))
		cannot_try("nobody listens");
	wanted.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	wanted.off = size;
	error = try_ring(&wanted, (unsigned int)road->number, 0, &result);
	if (error || result < 0)
		refused(out, error ? error : -result);
	else
		succeeded(out, MARKER, sizeof(MARKER) - 1);
}

static const struct road roads[] = {
	{ .name = "default", .not_live = OWN_ACT, .attempt = let_out },
	{ .name = "worker", .not_live = OWN_ACT, .attempt = let_out, .in_task = 1 },
	{ .name = "polling", .not_live = OWN_ACT, .attempt = let_out, .number = IORING_SETUP_SQPOLL },
	{ .name = "compat", .not_live = OWN_ACT, .attempt = let_out, .compat = 1 },
	{ .name = "send", .not_live = OWN_ACT, .attempt = let_out, .file = "socket" },
	{ .name = "connect", .not_live = OWN_ACT, .attempt = connect_out },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "chan_io_uring", roads, COUNT(roads));
}

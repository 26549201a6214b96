// SPDX-License-Identifier: Apache-2.0
/* Memory is sent as a descriptor over a unix socket, and read by way of the one that came out at the other end. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "marker.h"

#define MOST		    50
#define COMPAT_SENDMSG	    370
#define COMPAT_SOCKETCALL   102
#define SOCKETCALL_SENDMMSG 20
/* The C library has no name for it before 2.34. */
#define CALL_MEMFD_SECRET 447

static char *secret_page;

static int memfd(void)
{
	return memfd_create("passed", MFD_CLOEXEC);
}

static int nameless(void)
{
	return open("/run", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

static int memfd_secret(void)
{
	int fd = (int)syscall(CALL_MEMFD_SECRET, 0);

	if (fd < 0)
		cannot_try("no memfd_secret on this kernel");
	if (ftruncate(fd, 4096))
		return -1;
	secret_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return secret_page == MAP_FAILED ? -1 : fd;
}

static int own_mem(void)
{
	return open("/proc/self/mem", O_RDWR | O_CLOEXEC);
}

static char kept[sizeof(MARKER)] = MARKER;

static void look(const struct road *road, int fd, struct outcome *out)
{
	char found[sizeof(MARKER)];
	char *page;

	if (!strcmp(road->name, "memfd_secret")) {
		page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
		arrived(out, page, page == MAP_FAILED ? -1 : (long)sizeof(MARKER));
		return;
	}
	arrived(out, found,
		pread(fd, found, sizeof(found), !strcmp(road->name, "mem") ? (off_t)(unsigned long)kept : 0));
}

/* The last of `count` descriptors; the others are of a pipe. */
static void receive(const struct road *road, int from, int count, struct outcome *out)
{
	char control[CMSG_SPACE(sizeof(int) * MOST) + CMSG_SPACE(64)], byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *header;
	int fd = -1;

	message.msg_controllen = sizeof(control);
	if (recvmsg(from, &message, 0) != 1) {
		refused(out, errno);
		return;
	}
	for (header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header))
		if (header->cmsg_type == SCM_RIGHTS)
			memcpy(&fd, CMSG_DATA(header) + sizeof(int) * (size_t)(count - 1), sizeof(fd));
	if (fd < 0)
		refused(out, ENODATA);
	else
		look(road, fd, out);
}

/* Credentials first, where the road asks for more than one header. */
static size_t fill(char *control, const struct road *road, const int *fds, int count)
{
	struct ucred me = { .pid = getpid(), .uid = getuid(), .gid = getgid() };
	struct cmsghdr *header = (struct cmsghdr *)control;
	size_t used = 0;

	if (road->number > 1) {
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_CREDENTIALS;
		header->cmsg_len = CMSG_LEN(sizeof(me));
		memcpy(CMSG_DATA(header), &me, sizeof(me));
		used = CMSG_SPACE(sizeof(me));
		header = (struct cmsghdr *)(control + used);
	}
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
	memcpy(CMSG_DATA(header), fds, sizeof(int) * (size_t)count);
	return used + CMSG_SPACE(sizeof(int) * (size_t)count);
}

static long send_compat(int to, int fd)
{
	struct {
		unsigned int name, name_length, pieces, count, control, control_length, flags;
		unsigned int piece, piece_length;
		struct {
			unsigned int length, level, type;
			int fd;
		} header;
		char byte;
	} *low = low_memory(4096);

	low->pieces = (unsigned int)(unsigned long)&low->piece;
	low->count = 1;
	low->piece = (unsigned int)(unsigned long)&low->byte;
	low->piece_length = 1;
	low->control = (unsigned int)(unsigned long)&low->header;
	low->control_length = sizeof(low->header);
	low->header.length = sizeof(low->header);
	low->header.level = SOL_SOCKET;
	low->header.type = SCM_RIGHTS;
	low->header.fd = fd;
	return compat_syscall(COMPAT_SENDMSG, (unsigned int)to, (unsigned long)low, 0, 0, 0);
}

static long send_it(const struct road *road, int to, const int *fds, int count)
{
	char control[CMSG_SPACE(sizeof(int) * MOST) + CMSG_SPACE(64)] = {}, byte = 0;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control } };
	long sent;

	if (road->compat) {
		sent = send_compat(to, fds[0]);
		errno = sent < 0 ? (int)-sent : 0;
		return sent;
	}
	message.msg_hdr.msg_controllen = fill(control, road, fds, count);
	return road->in_task ? sendmmsg(to, &message, 1, 0) : sendmsg(to, &message.msg_hdr, 0);
}

static void pass(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int fds[MOST], count = road->number ? road->number : 1, pair[2], harmless[2];
	int fd = road->open("", 0);

	(void)aim;
	if (fd < 0 || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) || pipe2(harmless, O_CLOEXEC))
		cannot_try("no descriptor to pass");
	if (secret_page)
		memcpy(secret_page, MARKER, sizeof(MARKER));
	else if (strcmp(road->name, "mem") && pwrite(fd, MARKER, sizeof(MARKER), 0) != sizeof(MARKER))
		cannot_try("the memory cannot be filled");
	for (int i = 0; i < count; i++)
		fds[i] = i == count - 1 ? fd : harmless[0];
	if (send_it(road, pair[0], fds, count) < 0)
		refused(out, errno);
	else
		receive(road, pair[1], count, out);
}

/*
 * Two headers, the second in a page of a file that is in memory and not yet mapped, nor mapped along with the first:
 * the kernel maps up to 64 KiB around what is read.
 */
static struct mmsghdr *apart(const struct mmsghdr *messages)
{
	const size_t around = 64 * 1024, size = sizeof(*messages);
	int fd = memfd();
	char *base = MAP_FAILED, *border;

	if (fd < 0 || ftruncate(fd, 4 * around))
		cannot_try("no file for the headers");
	base = mmap(NULL, 4 * around, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (base == MAP_FAILED)
		cannot_try("no file for the headers");
	border = base + 2 * around - (unsigned long)base % around;
	if (pwrite(fd, messages, 2 * size, border - base - size) != (ssize_t)(2 * size))
		cannot_try("the headers cannot be written");
	return (struct mmsghdr *)(border - size);
}

/* By the multiplexer of 32-bit programs, all of it below 4 GiB. */
static long later_by_socketcall(int from, const struct sockaddr_un *name, socklen_t length, int fd)
{
	struct low {
		struct sockaddr_un name;
		char byte[8];
		unsigned int piece[2], arguments[4], messages[2][8];
		struct {
			unsigned int len;
			int level, type, fd;
		} control;
	} *low = low_memory(sizeof(*low));

	low->name = *name;
	low->piece[0] = (unsigned int)(unsigned long)low->byte;
	low->piece[1] = 1;
	low->control.len = sizeof(low->control);
	low->control.level = SOL_SOCKET;
	low->control.type = SCM_RIGHTS;
	low->control.fd = fd;
	for (int i = 0; i < 2; i++) {
		low->messages[i][0] = (unsigned int)(unsigned long)&low->name;
		low->messages[i][1] = length;
		low->messages[i][2] = (unsigned int)(unsigned long)low->piece;
		low->messages[i][3] = 1;
	}
	low->messages[1][4] = (unsigned int)(unsigned long)&low->control;
	low->messages[1][5] = sizeof(low->control);
	low->arguments[0] = (unsigned int)from;
	low->arguments[1] = (unsigned int)(unsigned long)low->messages;
	low->arguments[2] = 2;
	return compat_syscall(COMPAT_SOCKETCALL, SOCKETCALL_SENDMMSG, (unsigned long)low->arguments, 0, 0, 0);
}

/* The kernel asks its hook once for messages in a row to one name: the descriptor is in the second. */
static void pass_later(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char control[CMSG_SPACE(sizeof(int))] = {}, byte = 0;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	socklen_t length = sizeof(name);
	struct mmsghdr messages[2] = {}, *sent = messages;
	int from = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), to = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int fd = memfd();

	(void)aim;
	/* A name of the kernel's choice. */
	if (fd < 0 || bind(to, (struct sockaddr *)&name, sizeof(name.sun_family)) ||
	    getsockname(to, (struct sockaddr *)&name, &length) || pwrite(fd, MARKER, sizeof(MARKER), 0) < 0)
		cannot_try("no socket with a name");
	for (int i = 0; i < 2; i++) {
		messages[i].msg_hdr.msg_name = &name;
		messages[i].msg_hdr.msg_namelen = length;
		messages[i].msg_hdr.msg_iov = &data;
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	messages[1].msg_hdr.msg_control = control;
	messages[1].msg_hdr.msg_controllen = fill(control, road, &fd, 1);
	if (road->number)
		sent = apart(messages);
	if ((road->compat ? later_by_socketcall(from, &name, length, fd) : sendmmsg(from, sent, 2, 0)) != 2)
		refused(out, road->compat ? EPERM : errno);
	else if (recv(to, &byte, 1, 0) != 1)
		cannot_try("the first message did not come");
	else
		receive(road, to, 1, out);
}

/* The makers take the shape of an opener: road->open. */
#define MAKER(NAME)                                                                                                    \
	static int make_##NAME(const char *path, int flags)                                                            \
	{                                                                                                              \
		(void)path;                                                                                            \
		(void)flags;                                                                                           \
		return NAME();                                                                                         \
	}

MAKER(memfd)
MAKER(nameless)
MAKER(memfd_secret)
MAKER(own_mem)

static const struct road roads[] = {
	{ .name = "default", .not_live = OWN_ACT, .attempt = pass, .open = make_memfd },
	{ .name = "nameless", .not_live = OWN_ACT, .attempt = pass, .open = make_nameless },
	{ .name = "memfd_secret", .not_live = OWN_ACT, .attempt = pass, .open = make_memfd_secret },
	{ .name = "mem", .not_live = OWN_ACT, .attempt = pass, .open = make_own_mem },
	{ .name = "among_many", .not_live = OWN_ACT, .attempt = pass, .open = make_memfd, .number = MOST },
	{ .name = "sendmmsg", .not_live = OWN_ACT, .attempt = pass, .open = make_memfd, .in_task = 1 },
	{ .name = "later_message", .not_live = OWN_ACT, .attempt = pass_later },
	{ .name = "later_not_there", .not_live = OWN_ACT, .attempt = pass_later, .number = 1 },
	{ .name = "later_socketcall", .not_live = OWN_ACT, .attempt = pass_later, .compat = 1 },
	{ .name = "compat", .not_live = OWN_ACT, .attempt = pass, .open = make_memfd, .compat = 1 },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "chan_fd_pass", roads, COUNT(roads));
}

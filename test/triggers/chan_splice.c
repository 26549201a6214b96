// SPDX-License-Identifier: Apache-2.0
/* Data moves between descriptors without passing the caller's memory, or its memory goes into a pipe as it is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "marker.h"

#define COMPAT_SENDFILE	  187
#define COMPAT_SENDFILE64 239
#define COMPAT_SPLICE	  313
#define COMPAT_COPY	  377

static int memory_with_marker(void)
{
	int fd = memfd_create("source", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, MARKER, sizeof(MARKER), 0) != sizeof(MARKER))
		cannot_try("no source");
	return fd;
}

static void make_pipe(int ends[2])
{
	if (pipe2(ends, O_CLOEXEC))
		cannot_try("no pipe");
}

static void fill_pipe(int ends[2])
{
	make_pipe(ends);
	if (write(ends[1], MARKER, sizeof(MARKER)) != sizeof(MARKER))
		cannot_try("the pipe cannot be filled");
}

static int file_on_disk(void)
{
	char name[] = "/var/tmp/splice-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		cannot_try("no file");
	unlink(name);
	return fd;
}

/* Moves by the road's call; what an ordinary caller gets. */
static long move(const struct road *road, int from, int to)
{
	long moved;

	if (road->compat) {
		moved = road->compat == COMPAT_SENDFILE || road->compat == COMPAT_SENDFILE64
				? compat_syscall(road->compat, (unsigned)to, (unsigned)from, 0, sizeof(MARKER), 0)
				: compat_syscall(road->compat, (unsigned)from, 0, (unsigned)to, 0, sizeof(MARKER));
		if (moved >= 0)
			return moved;
		errno = (int)-moved;
		return -1;
	}
	switch (road->number) {
	case SYS_sendfile: return sendfile(to, from, NULL, sizeof(MARKER));
	case SYS_copy_file_range: return copy_file_range(from, NULL, to, NULL, sizeof(MARKER), 0);
	}
	return splice(from, NULL, to, NULL, sizeof(MARKER), 0);
}

static void judge(const struct road *road, int from, int to, int other_end, struct outcome *out)
{
	char found[sizeof(MARKER)];
	off_t none = 0;

	if (move(road, from, to) < 0)
		refused(out, errno);
	else if (other_end != to)
		arrived(out, found, read(other_end, found, sizeof(found)));
	else
		arrived(out, found, pread(to, found, sizeof(found), none));
}

static void from_file_to_pipe(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int ends[2];

	(void)aim;
	make_pipe(ends);
	judge(road, memory_with_marker(), ends[1], ends[0], out);
}

static void from_pipe_to_file(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int ends[2], file = file_on_disk();

	(void)aim;
	fill_pipe(ends);
	judge(road, ends[0], file, file, out);
}

static void from_pipe_to_socket(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int ends[2], pair[2];

	(void)aim;
	fill_pipe(ends);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		cannot_try("no socket");
	judge(road, ends[0], pair[0], pair[1], out);
}

static void from_memory_to_memory(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int to = memfd_create("copy", MFD_CLOEXEC);

	(void)aim;
	if (to < 0)
		cannot_try("no second file");
	judge(road, memory_with_marker(), to, to, out);
}

/* Who reads the pipe is told of the refusal. */
static void from_own_memory(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec piece = { .iov_base = page, .iov_len = sizeof(MARKER) };
	int ends[2], second[2], *from = ends;
	char found[sizeof(MARKER)];

	(void)aim;
	if (page == MAP_FAILED)
		cannot_try("no memory");
	memcpy(page, MARKER, sizeof(MARKER));
	make_pipe(ends);
	if (vmsplice(ends[1], &piece, 1, road->number) != sizeof(MARKER)) {
		refused(out, errno);
		return;
	}
	if (road->file) {
		make_pipe(second);
		if (tee(ends[0], second[1], sizeof(MARKER), 0) != sizeof(MARKER)) {
			refused(out, errno);
			return;
		}
		from = second;
	}
	arrived(out, found, read(from[0], found, sizeof(found)));
}

#define ROAD(NAME, ATTEMPT, NUMBER, COMPAT)                                                                            \
	{ .name = NAME, .not_live = OWN_ACT, .attempt = ATTEMPT, .number = NUMBER, .compat = COMPAT }

static const struct road roads[] = {
	ROAD("file_to_pipe", from_file_to_pipe, SYS_splice, 0),
	ROAD("pipe_to_file", from_pipe_to_file, SYS_splice, 0),
	ROAD("pipe_to_socket", from_pipe_to_socket, SYS_splice, 0),
	ROAD("compat", from_file_to_pipe, 0, COMPAT_SPLICE),
	ROAD("sendfile", from_memory_to_memory, SYS_sendfile, 0),
	ROAD("sendfile_compat", from_memory_to_memory, 0, COMPAT_SENDFILE),
	ROAD("sendfile64_compat", from_memory_to_memory, 0, COMPAT_SENDFILE64),
	ROAD("copy", from_memory_to_memory, SYS_copy_file_range, 0),
	ROAD("copy_compat", from_memory_to_memory, 0, COMPAT_COPY),
	ROAD("vmsplice", from_own_memory, 0, 0),
	ROAD("vmsplice_gift", from_own_memory, SPLICE_F_GIFT, 0),
	{ .name = "vmsplice_tee", .not_live = OWN_ACT, .attempt = from_own_memory, .file = "tee" },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "chan_splice", roads, COUNT(roads));
}

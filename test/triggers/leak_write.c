// SPDX-License-Identifier: Apache-2.0
/* A secret is written to a file, a pipe, a terminal or /dev/kmsg's kin, by each call that writes. */
#define _GNU_SOURCE
#include "leak.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <pthread.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

#define COMPAT_WRITE	4
#define COMPAT_WRITEV	146
#define COMPAT_PWRITE64 181
#define COMPAT_PWRITEV	334
#define COMPAT_PWRITEV2 379

struct narrow_piece {
	unsigned int base, length;
};

enum aio { AIO_BUFFER, AIO_PIECES, AIO_WIDE };

static long by_aio(int fd, const char *text, size_t length, int how)
{
	struct iovec halves[2] = { { (void *)text, length / 2 }, { (void *)(text + length / 2), length - length / 2 } };
	struct iocb block = { .aio_fildes = (unsigned)fd, .aio_lio_opcode = IOCB_CMD_PWRITE };
	struct iocb *list[2] = { &block, NULL };
	aio_context_t context = 0;
	struct io_event event;
	long error = 0;

	block.aio_buf = (unsigned long)text;
	block.aio_nbytes = length;
	if (how == AIO_PIECES) {
		block.aio_lio_opcode = IOCB_CMD_PWRITEV;
		block.aio_buf = (unsigned long)halves;
		block.aio_nbytes = 2;
	}
	if (syscall(SYS_io_setup, 1, &context))
		cannot_try("no context for io_submit");
	if (syscall(SYS_io_submit, context, how == AIO_WIDE ? 1L << 32 : 1L, list) != 1)
		error = errno;
	else if (syscall(SYS_io_getevents, context, 1, 1, &event, NULL) == 1 && event.res < 0)
		error = -event.res;
	syscall(SYS_io_destroy, context);
	errno = (int)error;
	return error ? -1 : (long)length;
}

/* The cut goes through the secret. */
static long by_compat(const struct road *road, int fd, const char *text, size_t length)
{
	struct narrow_piece *pieces = low_memory(4096);
	size_t cut = length / 2;
	long result;

	pieces[0] = (struct narrow_piece){ (unsigned int)(unsigned long)text, (unsigned int)cut };
	pieces[1] = (struct narrow_piece){ (unsigned int)(unsigned long)(text + cut), (unsigned int)(length - cut) };
	if (road->compat == COMPAT_WRITE || road->compat == COMPAT_PWRITE64)
		result = compat_syscall(road->compat, (unsigned)fd, (unsigned long)text, length, 0, 0);
	else
		result = compat_syscall(road->compat, (unsigned)fd, (unsigned long)pieces, 2, 0, 0);
	errno = result < 0 ? (int)-result : 0;
	return result;
}

static long put(const struct road *road, int fd, const char *text, size_t length)
{
	size_t cut = length / 2;
	struct iovec pieces[2] = { { (void *)text, cut }, { (void *)(text + cut), length - cut } };

	if (road->compat)
		return by_compat(road, fd, text, length);
	switch (road->number) {
	case SYS_pwrite64: return pwrite(fd, text, length, 0);
	case SYS_writev: return writev(fd, pieces, 2);
	case SYS_pwritev: return pwritev(fd, pieces, 2, 0);
	case SYS_pwritev2: return pwritev2(fd, pieces, 2, 0, 0);
	case SYS_io_submit: return by_aio(fd, text, length, road->in_task);
	}
	return write(fd, text, length);
}

static int file_on_disk(void)
{
	char name[] = "/var/tmp/leak-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);

	if (fd < 0)
		cannot_try("no file");
	unlink(name);
	return fd;
}

static void to_file(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int fd = file_on_disk();
	char *back = low_memory(65536);
	size_t length;
	char *text = leak_text(road, &length);

	(void)aim;
	if (put(road, fd, text, length) < 0)
		refused(out, errno);
	else
		came_out(out, road, back, pread(fd, back, 65536, 0));
}

static void to_pipe(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char back[4096];
	size_t length;
	char *text = leak_text(road, &length);
	int ends[2];

	(void)aim;
	if (pipe2(ends, O_CLOEXEC))
		cannot_try("no pipe");
	if (put(road, ends[1], text, length) < 0)
		refused(out, errno);
	else
		came_out(out, road, back, read(ends[0], back, sizeof(back)));
}

static void open_terminal(int ends[2])
{
	struct termios raw;

	if (openpty(&ends[0], &ends[1], NULL, NULL, NULL))
		cannot_try("no terminal");
	tcgetattr(ends[1], &raw);
	cfmakeraw(&raw);
	tcsetattr(ends[1], TCSANOW, &raw);
}

static void to_terminal(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char back[4096];
	size_t length;
	char *text = leak_text(road, &length);
	int ends[2];

	(void)aim;
	open_terminal(ends);
	if (put(road, ends[1], text, length) < 0)
		refused(out, errno);
	else
		came_out(out, road, back, read(ends[0], back, sizeof(back)));
}

/* One character at a time, for whoever reads from that terminal. */
static void typed(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char back[4096];
	size_t length;
	char *text = leak_text(road, &length);
	int ends[2];

	(void)aim;
	open_terminal(ends);
	for (size_t i = 0; i < length; i++) {
		if (ioctl(ends[1], TIOCSTI, text + i)) {
			refused(out, errno);
			return;
		}
	}
	came_out(out, road, back, read(ends[1], back, sizeof(back)));
}

struct order {
	const struct road *road;
	struct outcome *out;
};

static void *write_as_ordered(void *argument)
{
	struct order *order = argument;

	to_file(NULL, order->road, order->out);
	return NULL;
}

static void in_thread(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct order order = { road, out };
	pthread_t thread;

	(void)aim;
	errno = pthread_create(&thread, NULL, write_as_ordered, &order);
	if (errno)
		cannot_try("no second thread");
	pthread_join(thread, NULL);
}

#define ROAD(NAME, ATTEMPT, ...) { .name = NAME, .not_live = OWN_LEAK, .attempt = ATTEMPT, __VA_ARGS__ }

static const struct road roads[] = {
	ROAD("write", to_file, .number = SYS_write),
	ROAD("pwrite64", to_file, .number = SYS_pwrite64),
	ROAD("writev", to_file, .number = SYS_writev),
	ROAD("pwritev", to_file, .number = SYS_pwritev),
	ROAD("pwritev2", to_file, .number = SYS_pwritev2),
	ROAD("io_submit", to_file, .number = SYS_io_submit),
	ROAD("io_submit_pieces", to_file, .number = SYS_io_submit, .in_task = AIO_PIECES),
	ROAD("io_submit_wide", to_file, .number = SYS_io_submit, .in_task = AIO_WIDE),
	ROAD("compat", to_file, .compat = COMPAT_WRITE),
	ROAD("pwrite64_compat", to_file, .compat = COMPAT_PWRITE64),
	ROAD("writev_compat", to_file, .compat = COMPAT_WRITEV),
	ROAD("pwritev_compat", to_file, .compat = COMPAT_PWRITEV),
	ROAD("pwritev2_compat", to_file, .compat = COMPAT_PWRITEV2),
	ROAD("base64", to_file, .argument = "base64"),
	ROAD("hex", to_file, .argument = "hex"),
	ROAD("deep", to_file, .argument = "deep"),
	ROAD("deep_writev", to_file, .argument = "deep", .number = SYS_writev),
	ROAD("thread", in_thread, .number = SYS_write),
	ROAD("pipe", to_pipe, .number = SYS_write),
	ROAD("terminal", to_terminal, .number = SYS_write),
	ROAD("typed", typed, .number = 0),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "leak_write", roads, COUNT(roads));
}

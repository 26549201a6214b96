// SPDX-License-Identifier: Apache-2.0
/* Descriptors from before protection began: the attacker's side of holder.c. */
#define _GNU_SOURCE
#include "held.h"
#include "trigger.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Attempts when the line ends before the answer. */
#define PATIENCE 5

/* What the holder says: 1 for an answer, its descriptor in *fd or -1; 0 if the line ended without one. */
static int ask_holder(const char *path, int *fd)
{
	char control[CMSG_SPACE(sizeof(int))] = "", answer = 0;
	struct iovec text = { (void *)path, strlen(path) + 1 };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1 };
	struct sockaddr_un address;
	struct cmsghdr *header;
	int line = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ssize_t got;

	if (line < 0 || connect(line, (struct sockaddr *)&address, held_address(&address)) ||
	    sendmsg(line, &message, 0) < 0)
		cannot_try("no holder runs");
	text = (struct iovec){ &answer, 1 };
	message.msg_control = control;
	message.msg_controllen = sizeof(control);
	got = recvmsg(line, &message, 0);
	if (got < 0)
		cannot_try("the holder's answer cannot be read");
	close(line);
	if (got == 0)
		return 0;
	if (answer) {
		errno = (unsigned char)answer;
		cannot_try("the holder cannot pass it on");
	}
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	return 1;
}

int open_held(const char *path, int flags)
{
	int fd = -1;

	(void)flags;
	for (int i = 0; i < PATIENCE; i++) {
		if (!ask_holder(path, &fd))
			continue;
		errno = EBADF;
		if (fd < 0)
			cannot_try("the holder has no such file");
		return fd;
	}
	errno = EPIPE;
	cannot_try("the holder does not answer");
}

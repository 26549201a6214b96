// SPDX-License-Identifier: Apache-2.0
/* Descriptors from before protection began: the attacker's side of holder.c. */
#define _GNU_SOURCE
#include "held.h"
#include "trigger.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int open_held(const char *path, int flags)
{
	char control[CMSG_SPACE(sizeof(int))] = "", answer;
	struct iovec text = { (void *)path, strlen(path) + 1 };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1 };
	struct sockaddr_un address;
	struct cmsghdr *header;
	int fd = -1;
	int line = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	(void)flags;
	if (line < 0 || connect(line, (struct sockaddr *)&address, held_address(&address)) ||
	    sendmsg(line, &message, 0) < 0)
		cannot_try("no holder runs");
	text = (struct iovec){ &answer, 1 };
	message.msg_control = control;
	message.msg_controllen = sizeof(control);
	if (recvmsg(line, &message, 0) != 1)
		cannot_try("the holder does not answer");
	header = CMSG_FIRSTHDR(&message);
	errno = EBADF;
	if (!header || header->cmsg_type != SCM_RIGHTS)
		cannot_try("the holder has no such file");
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	close(line);
	return fd;
}

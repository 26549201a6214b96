// SPDX-License-Identifier: Apache-2.0
/*
 * The prober's attempts at the doors of what a protected process does itself: with memory, sockets and descriptors of
 * its own, which nobody else has and which go with it.
 */
#define _GNU_SOURCE
#include "own.h"
#include "canary.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096

/* The C library has no name for it before 2.34. */
#define CALL_IO_URING_SETUP 425

/* Unguarded: a descriptor that nobody receives. */
static int probe_socket_sendmsg(void)
{
	char control[CMSG_SPACE(sizeof(int))], byte = 0;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message;
	struct cmsghdr *header;
	int pair[2], memory, error;

	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair))
		return -errno;
	memory = memfd_create("canary", MFD_CLOEXEC);
	if (memory < 0)
		return -errno;
	memset(&message, 0, sizeof(message));
	memset(control, 0, sizeof(control));
	message.msg_iov = &data;
	message.msg_iovlen = 1;
	message.msg_control = control;
	message.msg_controllen = sizeof(control);
	header = CMSG_FIRSTHDR(&message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &memory, sizeof(memory));
	error = sendmsg(pair[0], &message, 0) < 0 ? errno : 0;
	close(memory);
	close(pair[0]);
	close(pair[1]);
	return error;
}

/* Unguarded: a datagram socket that has a peer, to which nothing is sent. */
static int probe_socket_connect(void)
{
	struct sockaddr_in nobody = { .sin_family = AF_INET, .sin_port = htons(9) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -errno;
	nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	error = connect(fd, (struct sockaddr *)&nobody, sizeof(nobody)) ? errno : 0;
	close(fd);
	return error;
}

/* Unguarded: a descriptor that is closed at once. The second where the kernel is built without the first. */
static int probe_inode_init_security_anon(void)
{
	char parameters[120];
	int fd = (int)syscall(SYS_userfaultfd, 0);

	if (fd < 0 && errno == ENOSYS) {
		memset(parameters, 0, sizeof(parameters));
		fd = (int)syscall(CALL_IO_URING_SETUP, 1, parameters);
	}
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int probe_shm_shmat(void)
{
	int segment = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600), error;
	void *memory;

	if (segment < 0)
		return -errno;
	memory = shmat(segment, NULL, 0);
	error = memory == (void *)-1 ? errno : 0;
	if (!error)
		shmdt(memory);
	shmctl(segment, IPC_RMID, NULL);
	return error;
}

static int probe_file_mprotect(void)
{
	int fd = memfd_create("canary", MFD_CLOEXEC), error;
	void *memory;

	if (fd < 0 || ftruncate(fd, PAGE))
		return -errno;
	memory = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return -errno;
	error = mprotect(memory, PAGE, PROT_READ | PROT_WRITE) ? errno : 0;
	munmap(memory, PAGE);
	return error;
}

/* Unguarded: the size that it has already. */
static int probe_inode_setattr(void)
{
	int fd = memfd_create("canary", MFD_CLOEXEC), error;
	void *memory;

	if (fd < 0 || ftruncate(fd, PAGE))
		return -errno;
	memory = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	error = ftruncate(fd, PAGE) ? errno : 0;
	munmap(memory, PAGE);
	close(fd);
	return error;
}

static const struct {
	const char *name;
	int (*attempt)(void);
} probes[] = {
	{ "socket_sendmsg", probe_socket_sendmsg },
	{ "socket_connect", probe_socket_connect },
	{ "inode_init_security_anon", probe_inode_init_security_anon },
	{ "shm_shmat", probe_shm_shmat },
	{ "file_mprotect", probe_file_mprotect },
	{ "inode_setattr", probe_inode_setattr },
};

int probe_own(const char *name)
{
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (!strcmp(name, probes[i].name)) {
			say_number(name, probes[i].attempt());
			return 1;
		}
	}
	return 0;
}

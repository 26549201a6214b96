// SPDX-License-Identifier: Apache-2.0
/* A secret goes into a message queue of either kind, or into a key of the kernel's key rings. */
#define _GNU_SOURCE
#include "leak.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COMPAT_IPC	    117
#define COMPAT_IPC_MSGSND   11
#define COMPAT_MSGSND	    400
#define COMPAT_MQ_TIMEDSEND 279
#define COMPAT_ADD_KEY	    286

/* Both kinds of callers begin it with a number of their own width. */
static char *message(const struct road *road, size_t *length, size_t width)
{
	char *memory = low_memory(4096), *text = leak_text(road, length);

	memset(memory, 0, width);
	memory[0] = 1;
	memcpy(memory + width, text, *length);
	return memory;
}

static long queue_it(const struct road *road, int queue)
{
	size_t length;
	char *text = message(road, &length, road->compat ? sizeof(int) : sizeof(long));

	switch (road->compat) {
	case COMPAT_IPC:
		return compat_syscall(COMPAT_IPC, COMPAT_IPC_MSGSND, (unsigned)queue, length, IPC_NOWAIT,
				      (unsigned long)text);
	case COMPAT_MSGSND:
		return compat_syscall(COMPAT_MSGSND, (unsigned)queue, (unsigned long)text, length, IPC_NOWAIT, 0);
	}
	return msgsnd(queue, text, length, IPC_NOWAIT) ? -errno : 0;
}

static void by_queue(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int queue = msgget(IPC_PRIVATE, 0600);
	struct {
		long type;
		char text[256];
	} back;
	long result;

	(void)aim;
	if (queue < 0)
		cannot_try("no queue");
	result = queue_it(road, queue);
	if (result < 0)
		refused(out, (int)-result);
	else
		came_out(out, road, back.text, msgrcv(queue, &back, sizeof(back.text), 0, IPC_NOWAIT));
	msgctl(queue, IPC_RMID, NULL);
}

static void by_posix_queue(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct mq_attr shape = { .mq_maxmsg = 1, .mq_msgsize = 256 };
	char name[32], back[256];
	size_t length;
	char *text = leak_text(road, &length);
	long result;
	mqd_t queue;

	(void)aim;
	snprintf(name, sizeof(name), "/leak-%d", getpid());
	queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &shape);
	if (queue < 0)
		cannot_try("no queue");
	mq_unlink(name);
	if (road->compat)
		result = compat_syscall(road->compat, (unsigned)queue, (unsigned long)text, length, 0, 0);
	else
		result = mq_send(queue, text, length, 0) ? -errno : 0;
	if (result < 0)
		refused(out, (int)-result);
	else
		came_out(out, road, back, mq_receive(queue, back, sizeof(back), NULL));
}

static long add_key(const struct road *road, const char *text, size_t length)
{
	char *names = low_memory(4096);
	long key;

	strcpy(names, "user");
	strcpy(names + 64, "leak");
	if (road->compat)
		return compat_syscall(road->compat, (unsigned long)names, (unsigned long)names + 64,
				      (unsigned long)text, length, (unsigned)KEY_SPEC_PROCESS_KEYRING);
	key = syscall(SYS_add_key, names, names + 64, text, length, KEY_SPEC_PROCESS_KEYRING);
	return key < 0 ? -errno : key;
}

static void by_key(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char back[256];
	size_t length;
	char *text = leak_text(road, &length);
	/* The kernel takes 32 bits of it. */
	long key, above = road->in_task ? 1L << 32 : 0;

	(void)aim;
	key = road->number == SYS_keyctl ? add_key(road, "nothing", 7) : add_key(road, text, length);
	if (key >= 0 && road->number == SYS_keyctl && syscall(SYS_keyctl, above + KEYCTL_UPDATE, key, text, length))
		key = -errno;
	if (key < 0)
		refused(out, (int)-key);
	else
		came_out(out, road, back, syscall(SYS_keyctl, KEYCTL_READ, key, back, sizeof(back)));
}

#define ROAD(NAME, ATTEMPT, ...) { .name = NAME, .not_live = OWN_LEAK, .attempt = ATTEMPT, __VA_ARGS__ }

static const struct road roads[] = {
	ROAD("msgsnd", by_queue, .number = SYS_msgsnd),
	ROAD("ipc_compat", by_queue, .compat = COMPAT_IPC),
	ROAD("msgsnd_compat", by_queue, .compat = COMPAT_MSGSND),
	ROAD("mq_send", by_posix_queue, .number = SYS_mq_timedsend),
	ROAD("mq_send_compat", by_posix_queue, .compat = COMPAT_MQ_TIMEDSEND),
	ROAD("add_key", by_key, .number = SYS_add_key),
	ROAD("add_key_compat", by_key, .compat = COMPAT_ADD_KEY),
	ROAD("update", by_key, .number = SYS_keyctl),
	ROAD("update_wide", by_key, .number = SYS_keyctl, .in_task = 1),
	ROAD("base64", by_queue, .argument = "base64"),
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "leak_ipc", roads, COUNT(roads));
}

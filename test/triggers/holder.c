// SPDX-License-Identifier: Apache-2.0
/*
 * holder PID:TID...: opens the guarded files of these processes, and of the kernel, while nothing is protected yet,
 * says "ready", and hands the descriptors to whoever asks: the accomplice of every attack by an old descriptor.
 */
#define _GNU_SOURCE
#include "btf.h"
#include "held.h"
#include "objects.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const char *const of_process[] = {
	"mem",	     "environ", "maps",	   "smaps",	  "smaps_rollup",  "pagemap",	      "auxv",
	"numa_maps", "stack",	"syscall", "personality", "oom_score_adj", "coredump_filter", "map_files"
};
static const char *const of_kernel[] = {
	"/proc/kcore",
	"/proc/sys/kernel/core_pattern",
	"/proc/sys/kernel/modprobe",
	"/proc/sys/kernel/ftrace_enabled",
};
/* Of no use to a reader. */
static const char *const to_write[] = { "/proc/sysrq-trigger", "/sys/kernel/debug/kprobes/enabled",
					"/sys/fs/cgroup/cloudtaser/cgroup.freeze" };

static struct {
	char path[HELD_PATH];
	int fd;
} held[160];
static size_t count;

static void hold_as(const char *path, const char *name)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	/* Many of them cannot be written at all. */
	if (fd < 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		fprintf(stderr, "holder: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	if (count == sizeof(held) / sizeof(held[0]))
		exit(1);
	snprintf(held[count].path, HELD_PATH, "%s", name);
	held[count++].fd = fd;
}

static void hold(const char *path)
{
	hold_as(path, path);
}

/* Files of a thread that will be gone when they are used, so they get a name that the attacker can know. */
static void hold_of_thread(int pid, int tid)
{
	static const char *const files[] = { "mem", "maps" };

	for (size_t n = 0; n < sizeof(files) / sizeof(files[0]); n++) {
		char path[HELD_PATH], name[HELD_PATH];

		snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", pid, tid, files[n]);
		snprintf(name, sizeof(name), "/proc/%d/task/gone/%s", pid, files[n]);
		hold_as(path, name);
	}
}

static void hold_to_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || count == sizeof(held) / sizeof(held[0])) {
		fprintf(stderr, "holder: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	snprintf(held[count].path, HELD_PATH, "%s", path);
	held[count++].fd = fd;
}

static int load_iterator(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_TRACING, .expected_attach_type = BPF_TRACE_ITER };

	load.attach_btf_id = function_id("bpf_iter_bpf_map_elem");
	load.insns = (unsigned long)program;
	load.insn_cnt = sizeof(program) / sizeof(program[0]);
	load.license = (unsigned long)"GPL";
	return (int)bpf_call(0, BPF_PROG_LOAD, &load, sizeof(load));
}

static int program_of(int link)
{
	struct bpf_link_info known = {};
	union bpf_attr ask = {}, get = {};
	long result;

	ask.info.bpf_fd = (unsigned int)link;
	ask.info.info_len = sizeof(known);
	ask.info.info = (unsigned long)&known;
	result = bpf_call(0, BPF_OBJ_GET_INFO_BY_FD, &ask, sizeof(ask));
	if (result < 0)
		return (int)result;
	get.prog_id = known.prog_id;
	return (int)bpf_call(0, BPF_PROG_GET_FD_BY_ID, &get, sizeof(get));
}

static int get_object(const char *path)
{
	const char *suffix = strstr(path, HELD_PROGRAM);
	char pin[HELD_PATH];
	int link, program;

	if (!strcmp(path, HELD_ITERATOR))
		return load_iterator();
	if (!suffix)
		return get_pinned(path, 0, 0);
	snprintf(pin, sizeof(pin), "%.*s", (int)(suffix - path), path);
	link = get_pinned(pin, 0, 0);
	if (link < 0)
		return link;
	program = program_of(link);
	close(link);
	return program;
}

/* A BPF object of the agent: it exists only once that runs, so it is got when it is first asked for. */
static void hold_object(const char *path)
{
	int fd;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(held[i].path, path))
			return;
	fd = get_object(path);
	if (fd < 0 || count == sizeof(held) / sizeof(held[0]))
		return;
	snprintf(held[count].path, HELD_PATH, "%s", path);
	held[count++].fd = fd;
}

/* An answer is one byte: 0, or the error with which the descriptor could not be sent. */
static void answer(int line)
{
	char path[HELD_PATH] = "", control[CMSG_SPACE(sizeof(int))] = "";
	char failure = 0;
	struct iovec byte = { &failure, 1 };
	struct msghdr message = { .msg_iov = &byte, .msg_iovlen = 1 };

	if (recv(line, path, sizeof(path) - 1, 0) <= 0)
		return;
	if (!strncmp(path, "/sys/fs/bpf/", 12))
		hold_object(path);
	for (size_t i = 0; i < count; i++) {
		struct cmsghdr *header;

		if (strcmp(held[i].path, path))
			continue;
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &held[i].fd, sizeof(int));
	}
	/* Without a descriptor: the asker sees that there is none. */
	if (sendmsg(line, &message, MSG_NOSIGNAL) >= 0)
		return;
	failure = (char)errno;
	message.msg_control = NULL;
	message.msg_controllen = 0;
	sendmsg(line, &message, MSG_NOSIGNAL);
}

int main(int argc, char **argv)
{
	struct sockaddr_un address;
	int door = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (getenv("CT_HOLDER"))
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 1; i < argc; i++) {
		const char *thread = strchr(argv[i], ':');

		if (thread)
			hold_of_thread(atoi(argv[i]), atoi(thread + 1));
		for (size_t n = 0; n < sizeof(of_process) / sizeof(of_process[0]); n++) {
			char path[HELD_PATH];

			snprintf(path, sizeof(path), "/proc/%d/%s", atoi(argv[i]), of_process[n]);
			hold(path);
		}
	}
	/* On a node in use others may be protected, and the kernel's files with them. */
	for (size_t n = 0; !getenv("CT_HOLDER") && n < sizeof(of_kernel) / sizeof(of_kernel[0]); n++)
		hold(of_kernel[n]);
	for (size_t n = 0; !getenv("CT_HOLDER") && n < sizeof(to_write) / sizeof(to_write[0]); n++)
		hold_to_write(to_write[n]);
	if (door < 0 || bind(door, (struct sockaddr *)&address, held_address(&address)) || listen(door, 8)) {
		perror("holder");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (;;) {
		int line = accept4(door, NULL, NULL, SOCK_CLOEXEC);

		if (line < 0)
			continue;
		answer(line);
		close(line);
	}
}

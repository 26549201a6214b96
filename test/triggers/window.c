// SPDX-License-Identifier: Apache-2.0
/*
 * What an attacker has in hand who is killed after the fact. The attack is made by a child; what it got hold of lies in
 * memory that this process shares with it, and so outlives it.
 *   window ROAD TARGET ADDRESS LENGTH FD
 *   process_vm      one call copies the data
 *   environ         opens, then reads: two calls
 * One child opens, or takes a descriptor, into a table that it shares; another reads there:
 *   environ_shared, mem_shared, maps_shared   a file of /proc/TARGET
 *   link_shared     what is behind /proc/TARGET/fd/FD
 *   getfd_shared    the descriptor itself, by pidfd_getfd
 *   program_shared  a loaded program of a type that can read other processes: is there one afterwards?
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

struct loot {
	volatile int fd;
	char data[4096];
};

static struct loot *loot;
static pid_t target;
static int wanted;
static unsigned long address;
static size_t length;

static void copy_memory(void)
{
	struct iovec here = { loot->data, length }, there = { (void *)address, length };

	process_vm_readv(target, &here, 1, &there, 1, 0);
}

static char path[64];

static void open_path(void)
{
	loot->fd = open(path, O_RDONLY);
}

static void take_descriptor(void)
{
	syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, target, 0), wanted, 0);
}

static void read_taken(void)
{
	/* The lowest is the pidfd. */
	if (pread(loot->fd + 1, loot->data, sizeof(loot->data) - 1, 0) < 0)
		_exit(1);
}

static void read_there(void)
{
	if (pread(loot->fd, loot->data, length, (off_t)address) < 0)
		_exit(1);
}

static void read_start(void)
{
	if (read(loot->fd, loot->data, sizeof(loot->data) - 1) < 0)
		_exit(1);
}

static void load_program(void)
{
	static const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT, .insn_cnt = 2 };

	attr.insns = (unsigned long)nothing;
	attr.license = (unsigned long)"GPL";
	loot->fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static void look_for_program(void)
{
	if (fcntl(loot->fd, F_GETFD) >= 0)
		loot->data[0] = '1';
}

static void open_and_read(void)
{
	open_path();
	read_start();
}

/* How the child ended that did this: the signal, or 0. */
static int in_child(void (*act)(void), int shares)
{
	pid_t pid = (pid_t)syscall(SYS_clone, shares | SIGCHLD, NULL, NULL, NULL, NULL);
	int status;

	if (!pid) {
		act();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		exit(2);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* The child that opened may not have lived to tell its number; in a shared table it is the lowest that is free. */
static int steal_by_table(void (*take)(void), void (*use)(void))
{
	int lowest = dup(0), signal;

	close(lowest);
	loot->fd = lowest;
	signal = in_child(take, CLONE_FILES);
	loot->fd = lowest;
	in_child(use, CLONE_FILES);
	return signal;
}

int main(int argc, char **argv)
{
	int signal;
	size_t bytes;

	if (argc != 6)
		return 2;
	target = atoi(argv[2]);
	address = strtoul(argv[3], NULL, 0);
	length = strtoul(argv[4], NULL, 10);
	wanted = atoi(argv[5]);
	loot = mmap(NULL, sizeof(*loot), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (loot == MAP_FAILED || length >= sizeof(loot->data))
		return 2;
	if (!strcmp(argv[1], "link_shared"))
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", target, wanted);
	else
		snprintf(path, sizeof(path), "/proc/%d/%.*s", target, (int)strcspn(argv[1], "_"), argv[1]);
	if (!strcmp(argv[1], "process_vm"))
		signal = in_child(copy_memory, 0);
	else if (!strcmp(argv[1], "environ"))
		signal = in_child(open_and_read, 0);
	else if (!strcmp(argv[1], "getfd_shared"))
		signal = steal_by_table(take_descriptor, read_taken);
	else if (!strcmp(argv[1], "program_shared"))
		signal = steal_by_table(load_program, look_for_program);
	else if (!strcmp(argv[1], "mem_shared"))
		signal = steal_by_table(open_path, read_there);
	else if (strstr(argv[1], "_shared"))
		signal = steal_by_table(open_path, read_start);
	else
		return 2;
	for (bytes = sizeof(loot->data); bytes && !loot->data[bytes - 1];)
		bytes--;
	/* The end of it is enough for the caller to know the secret by. */
	printf("{\"signal\":%d,\"bytes\":%zu,\"tail\":\"", signal, bytes);
	for (size_t i = bytes > 24 ? bytes - 24 : 0; i < bytes; i++)
		printf("%c", loot->data[i] > 32 && loot->data[i] < 127 && loot->data[i] != '"' && loot->data[i] != '\\'
				     ? loot->data[i]
				     : '.');
	printf("\"}\n");
	return 0;
}

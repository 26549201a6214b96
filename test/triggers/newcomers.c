// SPDX-License-Identifier: Apache-2.0
/*
 * Goes through /proc in a loop and reads the environment of every process that was not there when it began, for a word
 * that only the programs of containers have. Says what it found when its input ends: reads, how many processes gave it,
 * and the longest time for which one of them did. newcomers WORD [PAUSE]: milliseconds after each round; else it takes
 * none.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MOST_PIDS 4194304

static unsigned char known[MOST_PIDS / 8];
static unsigned long looks, refused, got, gave;
/* Of each process, the first read that succeeded, in microseconds. */
static long long since[MOST_PIDS], longest;

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static void count_gift(int pid)
{
	long long now = now_us();

	got++;
	if (!since[pid]) {
		since[pid] = now;
		gave++;
	}
	if (now - since[pid] > longest)
		longest = now - since[pid];
}

static void meet(int pid, const char *word, int first)
{
	static char bytes[65536];
	char path[64];
	ssize_t length = -1;
	int fd;

	if (first) {
		known[pid / 8] |= (unsigned char)(1 << pid % 8);
		return;
	}
	if (known[pid / 8] >> pid % 8 & 1)
		return;
	looks++;
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		length = read(fd, bytes, sizeof(bytes));
	if (length < 0 && errno == EPERM)
		refused++;
	if (length > 0 && memmem(bytes, (size_t)length, word, strlen(word)))
		count_gift(pid);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct pollfd input = { .fd = 0, .events = POLLIN };
	int first = 1, pause_ms = argc == 3 ? atoi(argv[2]) : 0;

	if (argc != 2 && argc != 3)
		return 2;
	do {
		DIR *all = opendir("/proc");
		struct dirent *one;

		if (!all)
			return 2;
		while ((one = readdir(all)) != NULL) {
			int pid = isdigit((unsigned char)one->d_name[0]) ? atoi(one->d_name) : 0;

			if (pid > 0 && pid < MOST_PIDS && pid != getpid())
				meet(pid, argv[1], first);
		}
		closedir(all);
		if (first)
			printf("ready\n");
		fflush(stdout);
		first = 0;
	} while (poll(&input, 1, pause_ms) == 0);
	printf("{\"looks\":%lu,\"refused\":%lu,\"got\":%lu,\"gave\":%lu,\"longestUs\":%lld}\n", looks, refused, got,
	       gave, longest);
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/* The frame around every attack: arguments, the choice of a road, and the one line of JSON. */
#define _GNU_SOURCE
#include "trigger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *current_vector;
static const char *current_road = "default";

pid_t attacker;

static void print_text(const char *key, const char *text)
{
	printf(",\"%s\":\"", key);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			printf("\\%c", *c);
		else if (*c < 0x20 || *c > 0x7e)
			printf("\\u%04x", *c);
		else
			putchar(*c);
	}
	putchar('"');
}

/* As the node counts: a road may have led into another pid namespace, but /proc is still ours. */
static int own_pid(void)
{
	char number[32];
	ssize_t length = readlink("/proc/self", number, sizeof(number) - 1);

	if (attacker)
		return attacker;
	if (length <= 0)
		return getpid();
	number[length] = '\0';
	return atoi(number);
}

static void print_truth(int success, int error, const char *got, int attempts, const char *why)
{
	const char *name = error ? strerrorname_np(error) : "";

	printf("{\"vector\":\"%s\"", current_vector);
	print_text("road", current_road);
	printf(",\"succeeded\":%s,\"errno\":%d", success ? "true" : "false", error);
	print_text("errnoName", name ? name : "unknown");
	print_text("got", got);
	printf(",\"attempts\":%d,\"pid\":%d", attempts, own_pid());
	if (why)
		print_text("why", why);
	puts("}");
	fflush(stdout);
}

void cannot_try(const char *why)
{
	print_truth(0, errno, "", 0, why);
	_exit(2);
}

void succeeded(struct outcome *out, const void *evidence, size_t length)
{
	if (length >= sizeof(out->got))
		length = sizeof(out->got) - 1;
	memcpy(out->got, evidence, length);
	out->got[length] = '\0';
	out->error = 0;
}

void refused(struct outcome *out, int error)
{
	out->got[0] = '\0';
	out->error = error;
}

int ends_at_open(const struct aim *aim, int fd, struct outcome *out)
{
	if (fd < 0) {
		refused(out, -fd);
		return 1;
	}
	if (!aim->live)
		return 0;
	succeeded(out, "open for writing", 16);
	close(fd);
	return 1;
}

pid_t other_thread(const struct aim *aim)
{
	char path[64];
	struct dirent *entry;
	pid_t found = 0;
	DIR *directory;

	if (aim->tid)
		return aim->tid;
	snprintf(path, sizeof(path), "/proc/%d/task", aim->target);
	directory = opendir(path);
	if (!directory)
		cannot_try("the target's threads cannot be listed");
	while (!found && (entry = readdir(directory)))
		if (atoi(entry->d_name) != aim->target)
			found = atoi(entry->d_name);
	closedir(directory);
	errno = 0;
	if (!found)
		cannot_try("the target has no second thread");
	return found;
}

void procfs_path(char *path, size_t size, const struct aim *aim, const struct road *road)
{
	if (road->in_task)
		snprintf(path, size, "/proc/%d/task/%d/%s", aim->target, other_thread(aim), road->file);
	else
		snprintf(path, size, "/proc/%d/%s", aim->target, road->file);
}

ssize_t read_by_road(const struct aim *aim, const struct road *road, struct outcome *out, void *buffer, size_t size,
		     off_t offset)
{
	char path[128];
	ssize_t got;
	int fd;

	procfs_path(path, sizeof(path), aim, road);
	fd = road->open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return -1;
	}
	got = pread(fd, buffer, size, offset);
	if (got <= 0)
		refused(out, got < 0 ? errno : ENODATA);
	close(fd);
	return got;
}

static const struct option options[] = {
	{ "target", required_argument, NULL, 't' },
	{ "tid", required_argument, NULL, 'i' },
	{ "address", required_argument, NULL, 'a' },
	{ "length", required_argument, NULL, 'l' },
	{ "fd", required_argument, NULL, 'f' },
	{ "file", required_argument, NULL, 'm' },
	{ "name", required_argument, NULL, 'n' },
	{ "road", required_argument, NULL, 'r' },
	{ "linger", required_argument, NULL, 'w' },
	{ "list-roads", no_argument, NULL, 'L' },
	{ "describe-roads", no_argument, NULL, 'D' },
	{ "live", no_argument, NULL, 'V' },
	{ "scratch", required_argument, NULL, 's' },
	{ "agent", required_argument, NULL, 'g' },
	{ NULL, 0, NULL, 0 },
};

static int list_roads(const struct road *roads, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s\"%s\"", i ? "," : "[", roads[i].name);
	puts("]");
	return 0;
}

/* NULL if this processor may have such a road. Asked before anything is prepared. */
static const char *why_absent(const struct road *road)
{
#ifdef __x86_64__
	(void)road;
	return NULL;
#else
	return strstr(road->name, "compat") ? "this processor has no 32-bit calls of 64-bit programs" : NULL;
#endif
}

/* NULL if the road may be taken on a node in use. */
static const char *why_not_live(const struct road *road)
{
	if (why_absent(road))
		return why_absent(road);
	if (road->open == open_other_pidns)
		return "it needs a procfs of another pid namespace, mounted where the whole node sees it";
	if (road->not_live)
		return road->not_live;
	return road->live ? NULL : "";
}

static int describe_roads(const struct road *roads, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *why = why_not_live(&roads[i]);

		printf("%s{\"road\":\"%s\",\"live\":%s,\"wide\":%s,\"silent\":%s", i ? "," : "[", roads[i].name,
		       why ? "false" : "true", roads[i].wide ? "true" : "false", roads[i].silent ? "true" : "false");
		print_text("why", why ? why : "");
		putchar('}');
	}
	puts("]");
	return 0;
}

int run_trigger(int argc, char **argv, const char *vector, const struct road *roads, size_t count)
{
	struct aim aim = { .length = 32, .fd = -1 };
	struct outcome out = { .error = EINVAL };
	unsigned int linger = 0;
	int option;

	current_vector = vector;
	current_road = roads[0].name;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 't': aim.target = atoi(optarg); break;
		case 'g': aim.agent = atoi(optarg); break;
		case 'i': aim.tid = atoi(optarg); break;
		case 'a': aim.address = strtoul(optarg, NULL, 16); break;
		case 's': aim.scratch = strtoul(optarg, NULL, 16); break;
		case 'l': aim.length = strtoul(optarg, NULL, 10); break;
		case 'f': aim.fd = atoi(optarg); break;
		case 'm': aim.file = optarg; break;
		case 'n': aim.name = optarg; break;
		case 'r': current_road = optarg; break;
		/* Who is killed by the agent, not by the kernel at once, must still be there. */
		case 'w': linger = (unsigned int)atoi(optarg); break;
		case 'L': return list_roads(roads, count);
		case 'D': return describe_roads(roads, count);
		case 'V': aim.live = 1; break;
		default: errno = EINVAL; cannot_try("unknown argument");
		}
	}
	errno = EINVAL;
	if (aim.length == 0 || aim.length > 256)
		cannot_try("--length must be 1 to 256");
	for (size_t i = 0; i < count; i++) {
		if (strcmp(roads[i].name, current_road))
			continue;
		errno = ENOTSUP;
		if (why_absent(&roads[i]))
			cannot_try(why_absent(&roads[i]));
		if (aim.live && why_not_live(&roads[i]))
			cannot_try("not on a node in use");
		roads[i].attempt(&aim, &roads[i], &out);
		/* No guard answers so: a missing target must not pass for a refusal. */
		errno = out.error;
		if ((errno == ENOENT && !out.listed) || errno == ESRCH)
			cannot_try("there is nothing to attack");
		sleep(linger);
		print_truth(!out.error, out.error, out.got, 1, NULL);
		return out.error ? 1 : 0;
	}
	cannot_try("no such road; --list-roads names them");
}

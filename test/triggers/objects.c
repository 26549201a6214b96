// SPDX-License-Identifier: Apache-2.0
/* See objects.h. */
#define _GNU_SOURCE
#include "objects.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "btf.h"
#include "trigger.h"

#define AGENT	 "/sys/fs/bpf/cloudtaser"
#define STAND_IN "/sys/fs/bpf/stand_in"

long bpf_call(int compat, int command, union bpf_attr *attr, size_t size)
{
	long result;

	if (compat)
		return compat_syscall(357, (unsigned long)command, (unsigned long)attr, size, 0, 0);
	result = syscall(SYS_bpf, command, attr, size);
	return result < 0 ? -errno : result;
}

int get_pinned(const char *path, unsigned int flags, int compat)
{
	union bpf_attr *attr = low_memory(4096);
	char *name = (char *)attr + 2048;

	strcpy(name, path);
	attr->pathname = (unsigned long)name;
	attr->file_flags = flags;
	return (int)bpf_call(compat, BPF_OBJ_GET, attr, sizeof(*attr));
}

int pin(int fd, const char *path)
{
	union bpf_attr attr = { .pathname = (unsigned long)path };

	attr.bpf_fd = (unsigned int)fd;
	return (int)bpf_call(0, BPF_OBJ_PIN, &attr, sizeof(attr));
}

static unsigned int id_in(const char *path, const char *word)
{
	size_t length = strlen(word);
	FILE *file = fopen(path, "re");
	unsigned int id = 0;
	char text[128];

	while (file && !id && fgets(text, sizeof(text), file))
		if (!strncmp(text, word, length) && text[length] == ':')
			id = (unsigned int)atoi(text + length + 1);
	if (file)
		fclose(file);
	return id;
}

unsigned int id_of(int fd, const char *word)
{
	char path[64];
	unsigned int id;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	id = id_in(path, word);
	if (!id)
		cannot_try("the descriptor does not show its id");
	return id;
}

unsigned int id_held_by(pid_t holder, const char *word)
{
	char directory[64], path[128];
	struct dirent *entry;
	unsigned int id = 0;
	DIR *list;

	snprintf(directory, sizeof(directory), "/proc/%d/fdinfo", holder);
	list = opendir(directory);
	while (list && !id && (entry = readdir(list))) {
		snprintf(path, sizeof(path), "%s/%.40s", directory, entry->d_name);
		id = id_in(path, word);
	}
	if (list)
		closedir(list);
	return id;
}

int is_listed(int next_command, unsigned int id)
{
	union bpf_attr attr = { .start_id = id - 1 };

	return bpf_call(0, next_command, &attr, sizeof(attr)) >= 0 && attr.next_id == id;
}

int make_map(unsigned int type, unsigned int size, unsigned int entries)
{
	union bpf_attr attr = { .map_type = type };

	attr.key_size = size;
	attr.value_size = size;
	attr.max_entries = entries;
	return (int)bpf_call(0, BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* A hash of __u32 to __u32, as make_map(BPF_MAP_TYPE_HASH, 4, 16), whose types the kernel knows. */
static int make_numbers(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_HASH };

	attr.key_size = 4;
	attr.value_size = 4;
	attr.max_entries = 16;
	attr.btf_fd = (unsigned int)load_number_type();
	attr.btf_key_type_id = 1;
	attr.btf_value_type_id = 1;
	return (int)bpf_call(0, BPF_MAP_CREATE, &attr, sizeof(attr));
}

void drop_capability(int capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &header, data))
		cannot_try("no capabilities to be read");
	data[capability / 32].effective &= ~(1U << capability % 32);
	if (syscall(SYS_capset, &header, data))
		cannot_try("the capability could not be dropped");
}

int make_passing(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr load = { .prog_type = BPF_PROG_TYPE_CGROUP_SKB };

	load.insns = (unsigned long)program;
	load.insn_cnt = COUNT(program);
	load.license = (unsigned long)"GPL";
	load.expected_attach_type = BPF_CGROUP_INET_INGRESS;
	return (int)bpf_call(0, BPF_PROG_LOAD, &load, sizeof(load));
}

static int make_link(void)
{
	int group = open("/sys/fs/cgroup", O_RDONLY | O_CLOEXEC);
	union bpf_attr link = {};

	link.link_create.prog_fd = (unsigned int)make_passing();
	link.link_create.target_fd = (unsigned int)group;
	link.link_create.attach_type = BPF_CGROUP_INET_INGRESS;
	return (int)bpf_call(0, BPF_LINK_CREATE, &link, sizeof(link));
}

static void remove_stand_in(void)
{
	static const char *const names[] = { "/maps/own_links", "/maps/opened",	   "/maps/events", "/maps",
					     "/doors-1/link",	"/doors-1/census", "/doors-1",	   "" };
	char path[PIN_PATH];

	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(path, sizeof(path), STAND_IN "%s", names[i]);
		if (unlink(path))
			rmdir(path);
	}
}

static void make_stand_in(struct objects *objects)
{
	remove_stand_in();
	if (mkdir(STAND_IN, 0700) || mkdir(STAND_IN "/maps", 0700) || mkdir(STAND_IN "/doors-1", 0700) ||
	    pin(make_numbers(), objects->map) || pin(make_map(BPF_MAP_TYPE_HASH, 4, 16), objects->spare) ||
	    pin(make_map(BPF_MAP_TYPE_RINGBUF, 0, 4096), objects->ring) || pin(make_link(), objects->link) ||
	    chmod(objects->link, 0) || pin(make_passing(), objects->program) || chmod(objects->program, 0))
		cannot_try("no stand-in for the agent's objects");
	atexit(remove_stand_in);
}

static void first_entry(char *path, size_t size, const char *directory, const char *prefix)
{
	DIR *list = opendir(directory);
	struct dirent *entry;

	while (list && (entry = readdir(list)))
		if (entry->d_name[0] != '.' && !strncmp(entry->d_name, prefix, strlen(prefix)))
			snprintf(path, size, "%.40s/%.40s", directory, entry->d_name);
	if (list)
		closedir(list);
}

void find_objects(struct objects *objects)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	/* Before 5.11 what all of root's maps take counts together, the agent's with it. */
	setrlimit(RLIMIT_MEMLOCK, &unlimited);
	memset(objects, 0, sizeof(*objects));
	objects->real = !access(AGENT "/maps", F_OK);
	strcpy(objects->top, objects->real ? AGENT : STAND_IN);
	snprintf(objects->maps, PIN_PATH, "%.40s/maps", objects->top);
	snprintf(objects->map, PIN_PATH, "%.60s/own_links", objects->maps);
	snprintf(objects->spare, PIN_PATH, "%.60s/opened", objects->maps);
	snprintf(objects->ring, PIN_PATH, "%.60s/events", objects->maps);
	if (objects->real) {
		first_entry(objects->doors, PIN_PATH, objects->top, "doors-");
		first_entry(objects->link, PIN_PATH, objects->doors, "file_open");
		first_entry(objects->program, PIN_PATH, objects->doors, "census");
	} else {
		strcpy(objects->doors, STAND_IN "/doors-1");
		strcpy(objects->link, STAND_IN "/doors-1/link");
		strcpy(objects->program, STAND_IN "/doors-1/census");
		make_stand_in(objects);
	}
}

void by_another(void (*action)(void *argument), void *argument)
{
	pid_t child = fork();

	if (child < 0)
		cannot_try("no child");
	if (child == 0) {
		action(argument);
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

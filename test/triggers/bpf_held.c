// SPDX-License-Identifier: Apache-2.0
/* See bpf_held.h. */
#define _GNU_SOURCE
#include "bpf_held.h"
#include "filter.h"
#include "held.h"
#include "objects.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef ENOTSUPP
#define ENOTSUPP 524
#endif

void conclude(struct outcome *out, const char *what, long result)
{
	if (result < 0)
		refused(out, (int)-result);
	else
		succeeded(out, what, strlen(what));
}

int held(const char *path)
{
	return open_held(path, 0);
}

static const unsigned int harmless = 0x7fffffff; /* an id that no link has: the agent removes it at its next look */

void use_map(const struct aim *aim, const struct road *road, struct outcome *out)
{
	union bpf_attr *attr = low_memory(4096);
	unsigned int *words = (unsigned int *)((char *)attr + 2048);
	struct objects objects;
	long result;

	(void)aim;
	find_objects(&objects);
	words[0] = harmless;
	words[1] = 1;
	if (road->number == BPF_MAP_UPDATE_BATCH) {
		attr->batch.map_fd = (unsigned int)held(objects.map);
		attr->batch.keys = (unsigned long)&words[0];
		attr->batch.values = (unsigned long)&words[1];
		attr->batch.count = 1;
	} else if (road->number == BPF_OBJ_GET_INFO_BY_FD) {
		attr->info.bpf_fd = (unsigned int)held(objects.map);
		attr->info.info = (unsigned long)words;
		attr->info.info_len = 512;
		memset(words, 0, 512);
	} else {
		attr->map_fd = (unsigned int)held(objects.map);
		attr->key = (unsigned long)&words[0];
		attr->value = (unsigned long)&words[1];
	}
	if (road->number == BPF_MAP_FREEZE)
		attr->key = 0;
	if (road->number == BPF_MAP_FREEZE || road->number == BPF_MAP_DELETE_ELEM)
		attr->value = 0;
	result = bpf_call(road->compat, road->number, attr, sizeof(*attr));
	/* The kernel looked, and there was no such entry. */
	conclude(out, "used by descriptor", result == -ENOENT ? 0 : result);
}

void use_in_program(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct objects objects;

	(void)aim;
	(void)road;
	find_objects(&objects);
	conclude(out, "written by a program", write_by_program(held(objects.map), 0, harmless, 1));
}

/* A word that the kernel finds, and nobody who may not wait for it: its page has never been touched. */
static unsigned int *untouched(unsigned int word)
{
	int file = memfd_create("word", MFD_CLOEXEC);
	void *memory;

	if (file < 0 || write(file, &word, sizeof(word)) != sizeof(word))
		cannot_try("no file in memory");
	memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (memory == MAP_FAILED)
		cannot_try("no memory that is not there");
	return memory;
}

void put_into_map(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int in_batch = !strcmp(road->argument, "batch"), absent = !strcmp(road->argument, "absent"), outer, inner;
	union bpf_attr create = { .map_type = (unsigned int)road->number }, put = {};
	unsigned int *words = low_memory(4096);
	struct objects objects;
	long result;

	(void)aim;
	find_objects(&objects);
	inner = held(objects.map);
	create.key_size = 4;
	create.value_size = 4;
	create.max_entries = 1;
	create.inner_map_fd = (unsigned int)inner;
	outer = (int)bpf_call(0, BPF_MAP_CREATE, &create, sizeof(create));
	if (outer < 0)
		cannot_try("no map of maps");
	words[1] = (unsigned int)inner;
	if (in_batch) {
		put.batch.map_fd = (unsigned int)outer;
		put.batch.keys = (unsigned long)&words[0];
		put.batch.values = (unsigned long)&words[1];
		put.batch.count = 1;
	} else {
		put.map_fd = (unsigned int)outer;
		put.key = (unsigned long)&words[0];
		put.value = (unsigned long)(absent ? untouched((unsigned int)inner) : &words[1]);
	}
	result = bpf_call(0, in_batch ? BPF_MAP_UPDATE_BATCH : BPF_MAP_UPDATE_ELEM, &put, sizeof(put));
	if (result == -ENOTSUPP) {
		errno = EOPNOTSUPP;
		cannot_try("this kernel fills maps of maps one by one");
	}
	if (result >= 0)
		result = write_by_program(outer, 1, harmless, 1);
	conclude(out, "written by a program", result);
}

void bind_map(const struct aim *aim, const struct road *road, struct outcome *out)
{
	union bpf_attr bind = {};
	struct objects objects;

	(void)aim;
	(void)road;
	find_objects(&objects);
	bind.prog_bind_map.prog_fd = (unsigned int)make_passing();
	bind.prog_bind_map.map_fd = (unsigned int)held(objects.map);
	conclude(out, "bound to a program", bpf_call(0, BPF_PROG_BIND_MAP, &bind, sizeof(bind)));
}

void walk_map(const struct aim *aim, const struct road *road, struct outcome *out)
{
	union bpf_iter_link_info over = {};
	union bpf_attr link = {};
	struct objects objects;

	(void)aim;
	(void)road;
	find_objects(&objects);
	over.map.map_fd = (unsigned int)held(objects.map);
	link.link_create.prog_fd = (unsigned int)held(HELD_ITERATOR);
	link.link_create.attach_type = BPF_TRACE_ITER;
	link.link_create.iter_info = (unsigned long)&over;
	link.link_create.iter_info_len = sizeof(over);
	conclude(out, "iterator", bpf_call(0, BPF_LINK_CREATE, &link, sizeof(link)));
}

void pin_held(const struct aim *aim, const struct road *road, struct outcome *out)
{
	const char *path = "/sys/fs/bpf/held";
	struct objects objects;
	long result;

	(void)aim;
	find_objects(&objects);
	result = pin(held(road->number ? objects.link : objects.map), path);
	if (!result && unlink(path))
		cannot_try("the new pin cannot be removed");
	conclude(out, "pinned elsewhere", result);
}

/* What the kernel says once it has found the object: the agent's links and programs are of kinds that cannot do it. */
static int is_use(const struct objects *objects, int command, long error)
{
	if (!objects->real)
		return 0;
	switch (command) {
	case BPF_LINK_UPDATE: return error == -EINVAL;
	case BPF_LINK_DETACH: return error == -EOPNOTSUPP;
	case BPF_PROG_TEST_RUN: return error == -ENOTSUPP;
	}
	return 0;
}

void use_link(const struct aim *aim, const struct road *road, struct outcome *out)
{
	char packet[64] = "", program[PIN_PATH], answer[256] = "";
	union bpf_attr attr = {};
	struct objects objects;
	long result;

	(void)aim;
	find_objects(&objects);
	snprintf(program, sizeof(program), "%.80s" HELD_PROGRAM, objects.link);
	switch (road->number) {
	case BPF_LINK_UPDATE:
		attr.link_update.link_fd = (unsigned int)held(objects.link);
		attr.link_update.new_prog_fd = (unsigned int)make_passing();
		break;
	case BPF_LINK_DETACH: attr.link_detach.link_fd = (unsigned int)held(objects.link); break;
	case BPF_PROG_TEST_RUN:
		attr.test.prog_fd = (unsigned int)held(program);
		attr.test.data_in = (unsigned long)packet;
		attr.test.data_size_in = sizeof(packet);
		break;
	default:
		attr.info.bpf_fd = (unsigned int)held(road->file ? program : objects.link);
		attr.info.info = (unsigned long)answer;
		attr.info.info_len = sizeof(answer);
	}
	result = bpf_call(road->compat, road->number, &attr, sizeof(attr));
	conclude(out, "used by descriptor", is_use(&objects, road->number, result) ? 0 : result);
}

void map_ring(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct objects objects;
	void *memory;

	(void)aim;
	find_objects(&objects);
	memory = mmap(NULL, 4096, road->number, MAP_SHARED, held(objects.ring), 0);
	conclude(out, "mapped", memory == MAP_FAILED ? -errno : 0);
}

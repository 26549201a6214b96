// SPDX-License-Identifier: Apache-2.0
/* Descriptors of the agent's maps, programs and links: got by id or by pin, or used when the holder has had them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"
#include "bpf_held.h"
#include "held.h"
#include "objects.h"
#include "trigger.h"

#define NOT_LIVE "where nothing guards, it changes what the agent of this node rests on"

/* number: the command. Refused as if there were none, though the kernel still lists it. */
static void get_by_id(const struct aim *aim, const struct road *road, struct outcome *out)
{
	int is_map = road->number == BPF_MAP_GET_FD_BY_ID;
	int next = is_map				   ? BPF_MAP_GET_NEXT_ID
		   : road->number == BPF_PROG_GET_FD_BY_ID ? BPF_PROG_GET_NEXT_ID
							   : BPF_LINK_GET_NEXT_ID;
	union bpf_attr *attr = low_memory(4096);
	struct objects objects;

	find_objects(&objects);
	/* An agent that pins nothing shows the ids of what it holds all the same. */
	if (!objects.real)
		attr->map_id = id_held_by(the_agent(aim).target, road->file);
	if (!attr->map_id)
		attr->map_id = id_of(held(is_map ? objects.map : objects.link), road->file);
	conclude(out, "descriptor by id", bpf_call(road->compat, road->number, attr, sizeof(*attr)));
	out->listed = out->error == ENOENT && is_listed(next, attr->map_id);
}

static void get_map(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct objects objects;

	(void)aim;
	find_objects(&objects);
	conclude(out, "descriptor by pin", get_pinned(objects.map, 0, road->compat));
}

static void get_map_bound(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct objects objects;

	(void)aim;
	(void)road;
	find_objects(&objects);
	private_mnt();
	if (mkdir("/mnt/maps", 0700) || mount(objects.maps, "/mnt/maps", NULL, MS_BIND, NULL))
		cannot_try("the pins cannot be bound elsewhere");
	conclude(out, "descriptor by pin", get_pinned("/mnt/maps/own_links", 0, 0));
}

/* number: flags of the request */
static void get_link(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct objects objects;

	(void)aim;
	find_objects(&objects);
	conclude(out, "descriptor by pin", get_pinned(objects.link, (unsigned int)road->number, road->compat));
}

static void get_link_opath(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct objects objects;
	char path[64];
	int fd;

	(void)aim;
	(void)road;
	find_objects(&objects);
	fd = open(objects.link, O_PATH | O_CLOEXEC);
	if (fd < 0)
		cannot_try("O_PATH open failed");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	conclude(out, "descriptor by pin", get_pinned(path, 0, 0));
}

/* The census, a program: pinned like a link. Read-only, it can be had by either of two capabilities. */
static void get_program(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct objects objects;

	(void)aim;
	find_objects(&objects);
	if (road->argument)
		drop_capability(CAP_DAC_OVERRIDE);
	conclude(out, "descriptor by pin", get_pinned(objects.program, (unsigned int)road->number, road->compat));
}

/* bpffs prints a map whose types it knows to whoever opens its pin. */
static void print_map(const struct aim *aim, const struct road *road, struct outcome *out)
{
	struct objects objects;
	char *low = low_memory(4096), text[64];
	ssize_t got;
	int fd;

	(void)aim;
	find_objects(&objects);
	strcpy(low, objects.map);
	fd = road->open(low, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		refused(out, -fd);
		return;
	}
	got = read(fd, text, sizeof(text));
	if (got <= 0)
		cannot_try("the pin was opened and shows nothing");
	succeeded(out, text, (size_t)got);
}

#define BY_ID(NAME, COMMAND, WORD)                                                                                     \
	{ .not_live = NOT_LIVE, .name = NAME, .attempt = get_by_id, .number = COMMAND, .file = WORD }
#define USE(NAME, COMMAND) { .not_live = NOT_LIVE, .name = NAME, .attempt = use_map, .number = COMMAND }
#define PUT(NAME, TYPE, HOW)                                                                                           \
	{ .not_live = NOT_LIVE, .name = NAME, .attempt = put_into_map, .number = TYPE, .argument = HOW }
#define PRINT(NAME, HOW)    { .not_live = NOT_LIVE, .name = NAME, .attempt = print_map, .open = HOW }
#define LINK(NAME, COMMAND) { .not_live = NOT_LIVE, .name = NAME, .attempt = use_link, .number = COMMAND }

static const struct road roads[] = {
	BY_ID("map_by_id", BPF_MAP_GET_FD_BY_ID, "map_id"),
	BY_ID("program_by_id", BPF_PROG_GET_FD_BY_ID, "prog_id"),
	BY_ID("link_by_id", BPF_LINK_GET_FD_BY_ID, "link_id"),
	{ .not_live = NOT_LIVE,
	  .name = "map_by_id_compat",
	  .attempt = get_by_id,
	  .number = BPF_MAP_GET_FD_BY_ID,
	  .file = "map_id",
	  .compat = 1 },
	{ .not_live = NOT_LIVE,
	  .name = "link_by_id_compat",
	  .attempt = get_by_id,
	  .number = BPF_LINK_GET_FD_BY_ID,
	  .file = "link_id",
	  .compat = 1 },
	{ .not_live = NOT_LIVE, .name = "pinned_map", .attempt = get_map },
	{ .not_live = NOT_LIVE, .name = "pinned_map_compat", .attempt = get_map, .compat = 1 },
	{ .not_live = NOT_LIVE, .name = "pinned_map_bound", .attempt = get_map_bound },
	{ .not_live = NOT_LIVE, .name = "pinned_link", .attempt = get_link },
	{ .not_live = NOT_LIVE, .name = "pinned_link_compat", .attempt = get_link, .compat = 1 },
	{ .not_live = NOT_LIVE, .name = "pinned_link_opath", .attempt = get_link_opath },
	{ .not_live = NOT_LIVE, .name = "pinned_program", .attempt = get_program },
	{ .not_live = NOT_LIVE, .name = "pinned_program_read", .attempt = get_program, .number = BPF_F_RDONLY },
	{ .not_live = NOT_LIVE,
	  .name = "pinned_program_search",
	  .attempt = get_program,
	  .number = BPF_F_RDONLY,
	  .argument = "without" },
	PRINT("printed_map", open_plain),
	PRINT("printed_map_compat", open_compat),
	PRINT("printed_map_bound", open_bind),
	PRINT("printed_map_io_uring", open_io_uring),
	PRINT("printed_map_io_uring_worker", open_io_uring_async),
	USE("held_update", BPF_MAP_UPDATE_ELEM),
	USE("held_lookup", BPF_MAP_LOOKUP_ELEM),
	USE("held_delete", BPF_MAP_DELETE_ELEM),
	USE("held_batch", BPF_MAP_UPDATE_BATCH),
	USE("held_info", BPF_OBJ_GET_INFO_BY_FD),
	USE("held_freeze", BPF_MAP_FREEZE),
	{ .not_live = NOT_LIVE,
	  .name = "held_update_compat",
	  .attempt = use_map,
	  .number = BPF_MAP_UPDATE_ELEM,
	  .compat = 1 },
	{ .not_live = NOT_LIVE, .name = "held_program", .attempt = use_in_program },
	PUT("held_inner", BPF_MAP_TYPE_ARRAY_OF_MAPS, "one"),
	PUT("held_inner_hash", BPF_MAP_TYPE_HASH_OF_MAPS, "one"),
	PUT("held_inner_absent", BPF_MAP_TYPE_ARRAY_OF_MAPS, "absent"),
	PUT("held_inner_batch", BPF_MAP_TYPE_ARRAY_OF_MAPS, "batch"),
	{ .not_live = NOT_LIVE, .name = "held_bound", .attempt = bind_map },
	{ .not_live = NOT_LIVE, .name = "held_iterator", .attempt = walk_map },
	{ .not_live = NOT_LIVE, .name = "held_pin", .attempt = pin_held },
	{ .not_live = NOT_LIVE, .name = "held_link_pin", .attempt = pin_held, .number = 1 },
	LINK("held_link_info", BPF_OBJ_GET_INFO_BY_FD),
	LINK("held_link_update", BPF_LINK_UPDATE),
	/* After it the stand-in's link holds nothing: the last of its roads. */
	LINK("held_link_detach", BPF_LINK_DETACH),
	LINK("held_program_run", BPF_PROG_TEST_RUN),
	{ .not_live = NOT_LIVE,
	  .name = "held_program_info",
	  .attempt = use_link,
	  .number = BPF_OBJ_GET_INFO_BY_FD,
	  .file = HELD_PROGRAM },
	{ .not_live = NOT_LIVE, .name = "held_mapping", .attempt = map_ring, .number = PROT_READ | PROT_WRITE },
	{ .not_live = NOT_LIVE, .name = "held_mapping_readonly", .attempt = map_ring, .number = PROT_READ },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "bpf_tamper", roads, COUNT(roads));
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of the ABI that says who is protected, and how user space asks for it. Part of abi.h. */
#ifndef CT_ABI_SCOPE_H
#define CT_ABI_SCOPE_H

/*
 * Map "scope": hash, key = address of the thread-group leader's task_struct (__u64, never leaves the agent).
 * The kernel frees that address only after the task_free door has removed the entry, so no reused pid can match.
 */
struct ct_scope {
	/*
	 * A number for the way in, inherited: another one each time that a process is put into a protected control
	 * group; 0: a person has named it. Members of a workload trust each other where it is the same.
	 */
	__u64 way;
	__u64 place; /* id of the protected control group for which it has that number; 0: it was put into none */
	__u32 group;
	__u32 role;   /* enum ct_role, a bit set */
	__u32 census; /* last census generation that met this task alive */
	__u32 also;   /* another workload, into whose control group it was put: the stricter rule holds; 0: none */
};

/* ct_scope.also: there were several others. Everything is enforced, no destination is listed, no secret is free. */
#define CT_GROUP_MANY 0xffffffffu

/*
 * Map "shares": array, index = number of a workload, modulo its size; user space gives no two numbers of one slot as
 * long as there are others. Not exact: a workload whose processes were there before this map may show fewer than it
 * has, also fewer than none, and is refused so much later.
 */
struct ct_share {
	__s64 processes; /* protected ones, canaries left out */
	__u64 refused;	 /* forks, because it had as many as there was room left for all */
};

/*
 * Map "cgroups": hash, key = id (__u64) of a control group of the unified hierarchy: who enters it or one below it is
 * protected. Ids are not given out twice. Map "cgroups_any": array of 1, a __u32; 0 while "cgroups" is empty.
 */
struct ct_cgroup {
	__u32 group;
	__u32 pad;
};

/* Map "namespaces": hash, key = inode number (__u32) of a namespace with a protected process, or the agent, in it. */
struct ct_namespace {
	__u64 leader; /* the process that the census met there first: a key of "scope" */
	__u32 census; /* generation of that pass: what no pass refreshes is removed */
	__u32 agent;  /* 1: noted for the agent; a protected process that is in it too replaces it */
};

/*
 * Map "released": LRU hash, key as in "scope": whom a person has taken out by its number. A look into control groups
 * and at descendants leaves it out for as long as it is the same program.
 */
struct ct_released {
	__u64 start_boottime_ns; /* another: another process, which got that address later */
	__u64 exec_id;
};

enum ct_census_op {
	CT_CENSUS_LIST = 0,    /* one record per task in scope */
	CT_CENSUS_ADD = 1,     /* put request.tgid, its mm sharers and (follow) its descendants in scope */
	CT_CENSUS_CGROUPS = 3, /* put in scope who is in a protected control group */
	CT_CENSUS_REMOVE = 2,  /* take request.tgid (or, with tgid 0, all of request.group) out of scope */
};

/* Map "census_request": array of 1; read by the task iterator "census". */
struct ct_census_request {
	/* Scratch of the iterator: mm and leader of request.tgid; user space writes 0 before the first pass. */
	__u64 mm;
	__u64 leader;
	__u64 trusted; /* id of the control group whose members trust each other; 0: those of none */
	__u32 op;      /* enum ct_census_op */
	__u32 tgid;
	__u32 group;
	__u32 role;
	__u32 follow; /* 1: existing descendants too */
	__u32 generation;
	__u32 changed; /* entries added or removed by this pass */
	__u32 full;    /* 1: the scope map had no room */
	/* With the role of the agent: see struct ct_agent. */
	__u64 next_ino;
	__u32 next_dev;
	__s32 pins_fd; /* a directory of pins, opened; -1: none */
	__s32 host_fd; /* the same through the root of process 1; -1: it is another, or cannot be seen */
	__u32 recall; /* a workload that a person has just named: of its processes, the released ones too; 0: of none */
};

/* What the iterator writes, one after the other, for each process in scope (after ADD and REMOVE: of the request's
 * group). */
struct ct_census_record {
	struct ct_identity who;
	__u32 role;
	__u32 tracer; /* tgid of a ptracer, 0 if none */
};

#endif

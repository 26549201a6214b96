// SPDX-License-Identifier: Apache-2.0
/* Opening a target's file through a procfs of the target's own pid namespace, where it has another number. */
#define _GNU_SOURCE
#include "trigger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the victim mounts it. */
#define NAMESPACED_PROC "/run/victim-pidns"

/* The last number of the NSpid line: the one in the innermost namespace. */
static int inner_pid(int outer)
{
	char path[64], line[256];
	int inner = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", outer);
	status = fopen(path, "re");
	if (!status)
		cannot_try("the target's status cannot be read");
	while (fgets(line, sizeof(line), status))
		if (!strncmp(line, "NSpid:", 6))
			inner = atoi(strrchr(line, '\t'));
	fclose(status);
	return inner;
}

int open_other_pidns(const char *path, int flags)
{
	char name[64], here[128];
	int outer, inner;

	if (sscanf(path, "/proc/%d/%63s", &outer, name) != 2)
		cannot_try("not a file of a process");
	inner = inner_pid(outer);
	errno = EINVAL;
	if (inner == outer)
		cannot_try("the target is in our own pid namespace");
	snprintf(here, sizeof(here), NAMESPACED_PROC "/%d/%s", inner, name);
	return open_plain(here, flags);
}

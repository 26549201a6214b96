// SPDX-License-Identifier: Apache-2.0
/* PTRACE_SEIZE on the target, then its secret by PTRACE_PEEKDATA. */
#define _GNU_SOURCE
#include "tracing.h"

#include <sys/ptrace.h>

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = trace_leader, .number = PTRACE_SEIZE },
	{ .name = "thread", .live = 1, .attempt = trace_thread, .number = PTRACE_SEIZE },
	{ .name = "compat", .live = 1, .attempt = trace_compat, .number = PTRACE_SEIZE },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "ptrace_seize", roads, COUNT(roads));
}

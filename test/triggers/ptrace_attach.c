// SPDX-License-Identifier: Apache-2.0
/* PTRACE_ATTACH on the target, then its secret by PTRACE_PEEKDATA. */
#define _GNU_SOURCE
#include "tracing.h"

#include <sys/ptrace.h>

static const struct road roads[] = {
	{ .name = "default", .live = 1, .attempt = trace_leader, .number = PTRACE_ATTACH },
	{ .name = "thread", .live = 1, .attempt = trace_thread, .number = PTRACE_ATTACH },
	{ .name = "compat", .live = 1, .attempt = trace_compat, .number = PTRACE_ATTACH },
};

int main(int argc, char **argv)
{
	return run_trigger(argc, argv, "ptrace_attach", roads, COUNT(roads));
}

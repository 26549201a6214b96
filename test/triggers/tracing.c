// SPDX-License-Identifier: Apache-2.0
/* Attach or seize, read the secret word by word, detach: the target is left running as it was. */
#define _GNU_SOURCE
#include "tracing.h"

#include <errno.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static void read_and_detach(const struct aim *aim, pid_t traced, int request, struct outcome *out)
{
	char secret[256 + sizeof(long)];
	int status;

	if (request == PTRACE_SEIZE && ptrace(PTRACE_INTERRUPT, traced, NULL, NULL))
		cannot_try("seized, but the target could not be stopped");
	if (waitpid(traced, &status, __WALL) != traced || !WIFSTOPPED(status))
		cannot_try("attached, but the target did not stop");
	for (size_t done = 0; done < aim->length; done += sizeof(long)) {
		long word;

		errno = 0;
		word = ptrace(PTRACE_PEEKDATA, traced, aim->address + done, NULL);
		if (errno) {
			int error = errno;

			ptrace(PTRACE_DETACH, traced, NULL, NULL);
			errno = error;
			cannot_try("attached, but --address cannot be read");
		}
		memcpy(secret + done, &word, sizeof(word));
	}
	ptrace(PTRACE_DETACH, traced, NULL, NULL);
	succeeded(out, secret, aim->length);
}

static void trace(const struct aim *aim, pid_t who, int request, struct outcome *out)
{
	if (ptrace(request, who, NULL, NULL))
		refused(out, errno);
	else
		read_and_detach(aim, who, request, out);
}

void trace_leader(const struct aim *aim, const struct road *road, struct outcome *out)
{
	trace(aim, aim->target, road->number, out);
}

void trace_thread(const struct aim *aim, const struct road *road, struct outcome *out)
{
	trace(aim, other_thread(aim), road->number, out);
}

void trace_compat(const struct aim *aim, const struct road *road, struct outcome *out)
{
	long result = compat_syscall(26 /* ptrace */, (unsigned long)road->number, (unsigned long)aim->target, 0, 0, 0);

	if (result < 0)
		refused(out, (int)-result);
	else
		read_and_detach(aim, aim->target, road->number, out);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Both ptrace vectors: become the target's tracer by a given request, read the secret, let go. */
#ifndef CT_TRACING_H
#define CT_TRACING_H

#include "trigger.h"

/* road->number is the ptrace request; the roads differ in who is traced and by which system call table. */
void trace_leader(const struct aim *aim, const struct road *road, struct outcome *out);
void trace_thread(const struct aim *aim, const struct road *road, struct outcome *out);
void trace_compat(const struct aim *aim, const struct road *road, struct outcome *out);

#endif

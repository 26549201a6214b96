/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What differs between processors: in which registers a system call's number and arguments lie, how a 32-bit call is
 * known, the numbers of calls, and a flag of open files. NR_ is the processor's own table, NR32_ the one of its 32-bit
 * programs. Lists of numbers are written to stand after "case".
 */
#ifndef CT_CALLS_H
#define CT_CALLS_H

#ifdef __TARGET_ARCH_arm64
#include "calls_arm64.h"
#else
#include "calls_x86.h"
#endif

/* What socketcall calls sendmmsg. */
#define SOCKETCALL_SENDMMSG 20

/* In all tables. */
#define NR_IO_URING_SETUP  425
#define NR_IO_URING_ENTER  426
#define NR_PIDFD_GETFD	   438
#define NR_PROCESS_MADVISE 440

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* One operation through a ring of its own. */
#ifndef CT_URING_H
#define CT_URING_H

#include "trigger.h"

#include <linux/io_uring.h>

/* 0, and the operation's own result; or the errno of making the ring. compat: made by the 32-bit table. */
int try_ring(const struct io_uring_sqe *wanted, unsigned int flags, int compat, int *result);

#endif

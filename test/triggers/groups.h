/* SPDX-License-Identifier: Apache-2.0 */
/* Roads to a file of a control group. */
#ifndef CT_GROUPS_H
#define CT_GROUPS_H

int open_second_cgroupfs(const char *path, int flags);
/* By its file handle, after the kernel has forgotten what the file is called. */
int open_by_handle(const char *path, int flags);

#endif

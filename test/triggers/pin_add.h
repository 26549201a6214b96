/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CT_PIN_ADD_H
#define CT_PIN_ADD_H

#define ADD_DIRECTORY	1
#define ADD_SYMLINK	2
#define ADD_LINK	3
#define ADD_PIN		4
#define ADD_BY_IO_URING 5

/* Puts something of that kind there; from: what a link is made to. 0 or a negative errno. */
long put_beside(const char *path, const char *from, int kind, int compat);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Between holder and attackers: a path as one message, its descriptor as the answer. */
#ifndef CT_HELD_H
#define CT_HELD_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define HELD_PATH 64
/* Of the link at the path before it: its program. */
#define HELD_PROGRAM ":program"
/* A program that walks through the entries of any map, loaded by the holder. */
#define HELD_ITERATOR "/sys/fs/bpf/:iterator"

/* In the abstract namespace, by a name that nobody can take first if one is given; returns the length for bind. */
static inline socklen_t held_address(struct sockaddr_un *address)
{
	const char *given = getenv("CT_HOLDER"), *name = given ? given : "cloudtaser-holder";
	size_t length = strnlen(name, sizeof(address->sun_path) - 1);

	address->sun_family = AF_UNIX;
	address->sun_path[0] = '\0';
	memcpy(address->sun_path + 1, name, length);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

#endif

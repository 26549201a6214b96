/* SPDX-License-Identifier: Apache-2.0 */
/* Between holder and attackers: a path as one message, its descriptor as the answer. */
#ifndef CT_HELD_H
#define CT_HELD_H

#include <sys/socket.h>
#include <sys/un.h>

#define HELD_PATH 64

/* In the abstract namespace; returns the length for bind and connect. */
static inline socklen_t held_address(struct sockaddr_un *address)
{
	static const char name[] = "\0cloudtaser-holder";

	address->sun_family = AF_UNIX;
	__builtin_memcpy(address->sun_path, name, sizeof(name) - 1);
	return (socklen_t)(__builtin_offsetof(struct sockaddr_un, sun_path) + sizeof(name) - 1);
}

#endif

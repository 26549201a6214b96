// SPDX-License-Identifier: Apache-2.0
/* What the leak_* triggers share: see leak.h. */
#define _GNU_SOURCE
#include "leak.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DEEP 40000 /* bytes before the secret, where a look at the start of a write sees none of it */

static size_t base64(char *to, const char *from, size_t length)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned int bits = 0, held = 0;
	size_t made = 0;

	for (size_t i = 0; i < length; i++) {
		bits = bits << 8 | (unsigned char)from[i];
		for (held += 8; held >= 6; held -= 6)
			to[made++] = letters[bits >> (held - 6) & 63];
	}
	if (held)
		to[made++] = letters[bits << (6 - held) & 63];
	return made;
}

char *leak_text(const struct road *road, size_t *length)
{
	char *text = low_memory(65536);

	if (!road->argument) {
		memcpy(text, "key=" LEAK_SECRET ";", LEAK_LENGTH + 5);
		*length = LEAK_LENGTH + 5;
	} else if (!strcmp(road->argument, "base64")) {
		*length = base64(text, "key=" LEAK_SECRET, LEAK_LENGTH + 4);
	} else if (!strcmp(road->argument, "hex")) {
		for (size_t i = 0; i < LEAK_LENGTH; i++)
			sprintf(text + 2 * i, "%02x", (unsigned char)LEAK_SECRET[i]);
		*length = 2 * LEAK_LENGTH;
	} else {
		memset(text, '.', 65536);
		memcpy(text + DEEP, LEAK_SECRET, LEAK_LENGTH);
		*length = 65536;
	}
	return text;
}

void came_out(struct outcome *out, const struct road *road, const void *bytes, long length)
{
	size_t wanted;
	char *text = leak_text(road, &wanted);

	if (length < 0)
		refused(out, errno);
	else if (memmem(bytes, (size_t)length, text, wanted))
		succeeded(out, "it came out", 11);
	else
		refused(out, ENODATA);
}

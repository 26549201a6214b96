/* SPDX-License-Identifier: Apache-2.0 */
/* For the leak_* triggers: the secret that they try to let out, and whether it came out at the other end. */
#ifndef CT_LEAK_H
#define CT_LEAK_H

#include "trigger.h"

/* Whoever runs these registers it first. Never printed: the line of JSON is written by the same protected process. */
#define LEAK_SECRET "kX7vQm2ZtR9pLw4NcY8sHd3FbJ6gTe5A"
#define LEAK_LENGTH (sizeof(LEAK_SECRET) - 1)

#define OWN_LEAK "the offender is the protected process itself, and selftest attacks from outside"

/* The secret in the road's encoding (argument: NULL, "base64", "hex", "deep"), in memory below 4 GiB. */
char *leak_text(const struct road *road, size_t *length);

/* Whether these bytes hold that text. */
void came_out(struct outcome *out, const struct road *road, const void *bytes, long length);

#endif

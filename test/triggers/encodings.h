/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings of a secret as other programs write them: made from the standards, of no code of the product's. */
#ifndef CT_ENCODINGS_H
#define CT_ENCODINGS_H

#include <stddef.h>

enum encoding { PLAIN, BASE64, BASE64_URL, HEX, HEX_UPPER, PERCENT, PERCENT_FORM, JSON, SHELL, ENCODINGS };

/* Writes the encoded bytes, at most six for each byte and 12 more, and answers how many. */
size_t encode(enum encoding encoding, const unsigned char *bytes, size_t length, unsigned char *to);

#endif

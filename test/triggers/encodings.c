// SPDX-License-Identifier: Apache-2.0
/* See encodings.h. RFC 4648 for base64 and hex, RFC 3986 and the HTML standard for percent, RFC 8259, POSIX's shell. */
#include "encodings.h"

#include <stdio.h>
#include <string.h>

static size_t base64(const char *last_two, const unsigned char *bytes, size_t length, unsigned char *to)
{
	char letters[65] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t made = 0;

	memcpy(letters + 62, last_two, 2);
	for (size_t i = 0; i < length; i += 3) {
		unsigned int left = (unsigned int)(length - i);
		unsigned int three =
			bytes[i] << 16 | (left > 1 ? bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);

		to[made++] = letters[three >> 18];
		to[made++] = letters[three >> 12 & 63];
		to[made++] = left > 1 ? letters[three >> 6 & 63] : '=';
		to[made++] = left > 2 ? letters[three & 63] : '=';
	}
	return made;
}

static int is_kept(unsigned char byte, const char *others)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
	       (byte && strchr(others, byte));
}

static size_t json(unsigned char byte, char *to)
{
	static const char raw[] = "\"\\\b\f\n\r\t", named[] = "\"\\bfnrt";
	const char *short_one = byte ? strchr(raw, byte) : NULL;

	if (short_one)
		return (size_t)sprintf(to, "\\%c", named[short_one - raw]);
	return (size_t)sprintf(to, byte < 32 ? "\\u%04x" : "%c", byte);
}

static size_t one(enum encoding encoding, unsigned char byte, char *to)
{
	switch (encoding) {
	case HEX: return (size_t)sprintf(to, "%02x", byte);
	case HEX_UPPER: return (size_t)sprintf(to, "%02X", byte);
	case PERCENT: return (size_t)sprintf(to, is_kept(byte, "-._~") ? "%c" : "%%%02X", byte);
	case PERCENT_FORM:
		return byte == ' ' ? (size_t)sprintf(to, "+")
				   : (size_t)sprintf(to, is_kept(byte, "*-._") ? "%c" : "%%%02X", byte);
	case JSON: return json(byte, to);
	case SHELL: return (size_t)sprintf(to, byte == '\'' ? "'\\''" : "%c", byte);
	default: to[0] = (char)byte; return 1;
	}
}

size_t encode(enum encoding encoding, const unsigned char *bytes, size_t length, unsigned char *to)
{
	size_t made = 0;

	if (encoding == BASE64 || encoding == BASE64_URL)
		return base64(encoding == BASE64 ? "+/" : "-_", bytes, length, to);
	for (size_t i = 0; i < length; i++)
		made += one(encoding, bytes[i], (char *)to + made);
	return made;
}

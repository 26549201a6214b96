// SPDX-License-Identifier: Apache-2.0
// What a fuzzer asks of a result: if it is not so, the input is kept as one that fails.
#pragma once

#include <cstdio>
#include <cstdlib>

#define CHECK(what)                                                                                                    \
	do {                                                                                                           \
		if (!(what)) {                                                                                         \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what);                             \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

# SPDX-License-Identifier: Apache-2.0
# The measuring program; `make bench` boots guests that count instructions.
say ?= @true

build/bench/operations: test/bench/operations.c test/bench/bench.mk
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -static -o $@ $<

# SPDX-License-Identifier: Apache-2.0
# The measuring program, and programs that do nothing; `make bench` boots guests that count instructions.
say ?= @true
CLANG ?= clang-19

build/bench/operations: test/bench/operations.c test/bench/bench.mk
	$(say) CC $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -static -o $@ $<

build/bench/floor.bpf.o: test/bench/floor.bpf.c test/bench/bench.mk
	$(say) BPF $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -O2 -g -target bpf -mcpu=v3 -I/usr/include/$(shell uname -m)-linux-gnu -Wall -Wextra -Werror -c -o $@ $<

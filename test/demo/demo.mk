# SPDX-License-Identifier: Apache-2.0
# What the demo's attacker brings along ready-made.
say ?= @true
CLANG ?= clang-19

build/demo/spy.bpf.o: test/demo/spy.bpf.c test/demo/demo.mk
	$(say) BPF $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) -O2 -g -target bpf -mcpu=v3 -I/usr/include/$(shell uname -m)-linux-gnu -Wall -Wextra -Werror -MMD -MP -c -o $@ $<

.PHONY: demo-attacks
demo-attacks: build/demo/spy.bpf.o

-include build/demo/spy.bpf.d

# SPDX-License-Identifier: Apache-2.0
# One static program per attack vector, and their victim. A new vector is one new file here and no other change.
say ?= @true
TRIGGER_CFLAGS := -std=gnu11 -O1 -Wall -Wextra -Werror -static -pthread -MMD -MP
TRIGGER_SHARED := trigger roads uring pidns tracing protect held survive many agent objects pin_add filter btf bpf_held control run leak programs encodings groups
TRIGGER_NAMES := $(filter-out $(TRIGGER_SHARED),$(patsubst test/triggers/%.c,%,$(wildcard test/triggers/*.c)))
TRIGGER_SHARED_OBJECTS := $(TRIGGER_SHARED:%=build/triggers/obj/%.o)
TRIGGERS := $(TRIGGER_NAMES:%=build/triggers/%)

.SECONDARY: $(TRIGGER_NAMES:%=build/triggers/obj/%.o) $(TRIGGER_SHARED_OBJECTS)

build/triggers/obj/%.o: test/triggers/%.c test/triggers/triggers.mk
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(TRIGGER_CFLAGS) -c -o $@ $<

build/triggers/%: build/triggers/obj/%.o $(TRIGGER_SHARED_OBJECTS)
	$(say) CC $@
	$(Q)$(CC) $(TRIGGER_CFLAGS) -s -o $@ $^

.PHONY: triggers
triggers: $(TRIGGERS)

-include $(TRIGGER_NAMES:%=build/triggers/obj/%.d) $(TRIGGER_SHARED:%=build/triggers/obj/%.d)

# SPDX-License-Identifier: Apache-2.0
# Doors of another build, to upgrade to and back: offenders are quiet a second longer before they are told of anew. One part
# makes it another: what all of them have is taken from the first.
TORTURE_DEFINES := -DCT_QUIET_NS=6000000000ULL
TORTURE_PART := $(patsubst build/bpf/parts/%,build/torture/parts/%,$(firstword $(PARTS)))
TORTURE_PARTS := $(TORTURE_PART) $(wordlist 2,$(words $(PARTS)),$(PARTS))
TORTURE_OBJECTS := build/torture/bpf/cloudtaser.bpf.o

build/torture/parts/%.o: %.bpf.c test/torture/torture.mk | build/requirements.stamp
	$(say) BPF '$< (other)'
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) $(TORTURE_DEFINES) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)$(STRIP) -g $@

build/torture/bpf/cloudtaser.bpf.o: $(TORTURE_PARTS) $(LEAK_OBJECT) $(SIGNAL_OBJECT)
	$(say) LINK $@
	$(Q)mkdir -p $(@D)
	$(Q)cp $(LEAK_OBJECT) $(SIGNAL_OBJECT) $(@D)/
	$(Q)$(BPFTOOL) gen object $@.tmp $(TORTURE_PARTS) && mv $@.tmp $@

.PHONY: torture-objects
torture-objects: $(TORTURE_OBJECTS)

-include $(TORTURE_PART:.o=.d)

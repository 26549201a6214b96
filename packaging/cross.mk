# SPDX-License-Identifier: Apache-2.0
# make cross-arm64: everything for arm64, below build/arm64, as make builds it for this machine. Libraries and headers come
# from Debian and npm into the cache; nothing is installed here but compilers.
CROSS := build/arm64
CROSS_CC := aarch64-linux-gnu-gcc
CROSS_CXX := aarch64-linux-gnu-g++
CROSS_BPF := $(subst __TARGET_ARCH_$(ARCH),__TARGET_ARCH_arm64,$(BPF_CFLAGS))
CROSS_OBJECT := $(CROSS)/bpf/cloudtaser.bpf.o
CROSS_SIGNAL := $(CROSS)/bpf/cloudtaser-signal.bpf.o
CROSS_TYPED := $(CROSS)/bpf/cloudtaser-typed.bpf.o
CROSS_LEAKS := $(CROSS)/bpf/cloudtaser-leaks.bpf.o
CROSS_OBJECTS := $(CROSS_OBJECT) $(CROSS_SIGNAL) $(CROSS_TYPED) $(CROSS_LEAKS)
CROSS_TRIGGERS := $(TRIGGER_NAMES:%=$(CROSS)/triggers/%)

##@ Another processor
.PHONY: cross-arm64
cross-arm64: $(CROSS_OBJECTS) $(CROSS)/Release/cloudtaser.node $(CROSS)/cloudtaser-canary $(CROSS)/cloudtaser-launch $(CROSS_TRIGGERS) $(CROSS)/command.stamp ## everything for arm64, below build/arm64

$(CROSS)/requirements.stamp: tools/requirements.sh | build/requirements.stamp
	$(Q)mkdir -p $(@D)
	$(Q)bash tools/requirements.sh arm64
	$(Q)touch $@

$(CROSS)/bpf/parts/%.o: %.bpf.c | $(CROSS)/requirements.stamp
	$(say) BPF '$< (arm64)'
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CROSS_BPF) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)$(STRIP) -g $@

$(CROSS)/bpf/signal/%.o: %.bpf.c | $(CROSS)/requirements.stamp
	$(say) BPF '$< (signal, arm64)'
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CROSS_BPF) -DCT_FORM_SIGNAL -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)$(STRIP) -g $@

$(CROSS)/bpf/typed.o: build/bpf/typed.o | $(CROSS)/requirements.stamp
	$(say) BPF 'all doors (typed, arm64)'
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CROSS_BPF) -I. -DCT_TYPED -MMD -MP -MF $(@:.o=.d) -c build/bpf/typed.bpf.c -o $@
	$(Q)$(STRIP) -g $@

$(CROSS)/bpf/leaks/%.o: bpf/leaks/%.bpf.c | $(CROSS)/requirements.stamp
	$(say) BPF '$< (arm64)'
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(CROSS_BPF) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)$(STRIP) -g $@

$(CROSS_OBJECT): $(PARTS:build/%=$(CROSS)/%)
$(CROSS_SIGNAL): $(SIGNAL_PARTS:build/%=$(CROSS)/%)
$(CROSS_TYPED): $(CROSS)/bpf/typed.o
$(CROSS_LEAKS): $(LEAK_PARTS:build/%=$(CROSS)/%)
$(CROSS_OBJECTS):
	$(say) LINK $@
	$(Q)$(BPFTOOL) gen object $@.tmp $^ && mv $@.tmp $@

# As binding.gyp has it.
$(CROSS)/Release/cloudtaser.node: binding.gyp bpf/abi_leak.h bpf/leak_hash.h $(wildcard native/*.cc native/*.h) build/typescript.stamp | $(CROSS)/requirements.stamp
	$(say) CXX $@
	$(Q)mkdir -p $(@D)
	$(Q)sysroot=$$(node dist/test/lab/cross.js sysroot); headers=$$(node dist/test/lab/cross.js node); \
	$(CROSS_CXX) -shared -fPIC -pthread -o $@ -std=c++17 -fno-exceptions -fno-rtti -Os -s -Wall -Wextra -Werror -fvisibility=hidden \
		-fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffile-prefix-map=$(CURDIR)=. \
		-DNODE_GYP_MODULE_NAME=cloudtaser -DBUILDING_NODE_EXTENSION -DNAPI_VERSION=8 -DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS \
		-DNODE_ADDON_API_DISABLE_DEPRECATED -DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS \
		-isystem $$headers -isystem node_modules/node-addon-api -isystem $$sysroot/usr/include native/*.cc \
		-Wl,-z,relro,-z,now,-z,nodelete,--no-undefined-version -L$$sysroot/usr/lib/aarch64-linux-gnu -lbpf

$(CROSS)/cloudtaser-canary: $(sort $(wildcard native/canary/*.c native/canary/*.h)) | $(CROSS)/requirements.stamp
	$(say) CC $@
	$(Q)$(CROSS_CC) $(C_CFLAGS) -static -pthread -o $@ $(filter %.c,$^)

$(CROSS)/cloudtaser-launch: native/launch/launch.c | $(CROSS)/requirements.stamp
	$(say) CC $@
	$(Q)$(CROSS_CC) $(C_CFLAGS) -static -o $@ $<

$(CROSS)/triggers/obj/%.o: test/triggers/%.c test/triggers/triggers.mk | $(CROSS)/requirements.stamp
	$(say) CC '$< (arm64)'
	$(Q)mkdir -p $(@D)
	$(Q)$(CROSS_CC) $(TRIGGER_CFLAGS) -c -o $@ $<

$(CROSS)/triggers/%: $(CROSS)/triggers/obj/%.o $(TRIGGER_SHARED_OBJECTS:build/%=$(CROSS)/%)
	$(say) CC $@
	$(Q)$(CROSS_CC) $(TRIGGER_CFLAGS) -s -o $@ $^

.SECONDARY: $(CROSS_TRIGGERS:$(CROSS)/triggers/%=$(CROSS)/triggers/obj/%.o) $(TRIGGER_SHARED_OBJECTS:build/%=$(CROSS)/%)

# The command knows the objects it belongs to by their digests, and these are others.
$(CROSS)/command.stamp: build/command.stamp $(CROSS_OBJECTS)
	$(say) BUNDLE $(CROSS)/dist/bin
	$(Q)rm -rf $(CROSS)/dist && mkdir -p $(CROSS)/dist && cp -R dist/src $(CROSS)/dist/src
	$(Q)bash tools/digests.sh $(CROSS_OBJECTS) | sed -e 's/ as const//' -e '/^export type/d' > $(CROSS)/dist/src/kernel/digests.gen.js
	$(Q)node dist/tools/bundle.js $(CROSS)/dist
	$(Q)touch $@

-include $(wildcard $(CROSS)/bpf/*/*.d $(CROSS)/bpf/typed.d $(CROSS)/triggers/obj/*.d)

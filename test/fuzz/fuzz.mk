# SPDX-License-Identifier: Apache-2.0
# Fuzzers of C++ that takes bytes from outside, with sanitizers: one file a target, and the sources that it tries. The threat model
# names the targets.
say ?= @true
CLANGXX ?= clang++-19
FUZZ_FLAGS := -std=c++17 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined,float-cast-overflow \
	-fno-sanitize-recover=all -Wall -Wextra -Werror -Wno-unused-function -ffile-prefix-map=$(CURDIR)=. -MMD -MP
FUZZ_TARGETS := batch escapes forms prints refused sections
FUZZERS := $(FUZZ_TARGETS:%=build/fuzz/%) build/fuzz/planted

build/fuzz/escapes: native/escapes.cc
build/fuzz/forms: native/forms.cc native/escapes.cc
build/fuzz/prints: native/prints.cc native/forms.cc native/escapes.cc
build/fuzz/sections: native/sections.cc

build/fuzz/%: test/fuzz/%.cc test/fuzz/fuzz.mk | build/requirements.stamp
	$(say) FUZZER $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANGXX) $(FUZZ_FLAGS) -MF $@.d -o $@ $(filter %.cc,$^)

# What a target begins with: a fuzzer does not make up an object file.
FUZZ_SEEDS := build/fuzz/seeds/sections/object.o
$(FUZZ_SEEDS): test/fuzz/object.bpf.c bpf/vmlinux.h | build/requirements.stamp
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@
	$(Q)$(STRIP) -g $@

.PHONY: fuzzers
fuzzers: $(FUZZERS) $(FUZZ_SEEDS) sanitized

# The addon with sanitizers, for the addon's own tests: test/native/sanitized.test.ts. The runtime has to be there before Node.
SANITIZED := build/sanitized/cloudtaser.node
NODE_HEADERS = $(patsubst --nodedir=%,%/include/node,$(NODEDIR))
SANITIZED_FLAGS := -std=c++17 -fno-exceptions -O1 -g -fno-omit-frame-pointer -fPIC -shared -fvisibility=hidden \
	-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-sanitize=vptr \
	-DNAPI_VERSION=8 -DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS -DNODE_ADDON_API_DISABLE_DEPRECATED \
	-DNODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS -DNODE_GYP_MODULE_NAME=cloudtaser -ffile-prefix-map=$(CURDIR)=.
$(SANITIZED): $(wildcard native/*.cc native/*.h) bpf/abi_leak.h bpf/leak_hash.h test/fuzz/fuzz.mk | node_modules/.stamp
	$(say) CXX $@
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(SANITIZED_FLAGS) -I$(NODE_HEADERS) -Inode_modules/node-addon-api -o $@ $(filter %.cc,$^) -Wl,-z,nodelete -lbpf

.PHONY: sanitized
sanitized: $(SANITIZED)

-include $(FUZZERS:=.d)

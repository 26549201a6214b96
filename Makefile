# SPDX-License-Identifier: Apache-2.0
# make        builds BPF objects, addon and TypeScript     make help  lists the targets
# V=1 shows full commands. All artefacts lie under build/ and dist/.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
MAKEFLAGS += --jobs=$(shell nproc)

CLANG ?= clang-19
STRIP ?= llvm-strip-19
CLANG_FORMAT ?= clang-format-19
BPFTOOL ?= bpftool
KERNEL ?= 6.12

ifeq ($(V),1)
Q :=
say = @true
else
Q := @
say = @printf '  %-8s %s\n'
endif

ARCH := $(shell uname -m | sed -e 's/x86_64/x86/' -e 's/aarch64/arm64/')
# Where the tree lies is in no file that is built: see tools/reproduce.ts.
export PWD := $(CURDIR)
C_CFLAGS := -O2 -g -std=gnu11 -Wall -Wextra -Werror -ffile-prefix-map=$(CURDIR)=.
BPF_CFLAGS := -O2 -g -mcpu=v3 -target bpf -fdebug-compilation-dir=. -D__TARGET_ARCH_$(ARCH) -Wall -Wextra -Werror -Wno-unused-parameter
BIN := node_modules/.bin
# With which the command runs: packaging/cloudtaser.sh, native/launch/launch.c. V8 takes a code cache under the same flags alone.
HEAP := --max-semi-space-size=4
TSC := $(BIN)/tsc
BIOME := $(BIN)/biome
# Node's headers beside the binary, or those of the distribution; Node-API is the same in both. Else node-gyp fetches them.
NODEDIR = $(shell for d in "$$(dirname $$(dirname $$(readlink -f "$$(command -v node || echo /usr/bin/node)")))" /usr; do \
	[ -e $$d/include/node/node_api.h ] && { echo --nodedir=$$d; break; }; done)

DOORS := $(sort $(wildcard bpf/doors/*.bpf.c)) bpf/census.bpf.c
PARTS := $(patsubst %.bpf.c,build/bpf/parts/%.o,$(notdir $(DOORS)))
OBJECT := build/bpf/cloudtaser.bpf.o
# The same doors as kprobes, for kernels without BPF trampolines.
SIGNAL_PARTS := $(PARTS:build/bpf/parts/%=build/bpf/signal/%)
SIGNAL_OBJECT := build/bpf/cloudtaser-signal.bpf.o
# The same doors without the helpers that lockdown=confidentiality forbids: compiled at once, since a linker of libbpf 1.1
# does not join the kernel functions that several files call.
TYPED_OBJECT := build/bpf/cloudtaser-typed.bpf.o
# What looks for secrets in what protected processes write: loaded with the first secret.
LEAK_PARTS := $(patsubst bpf/leaks/%.bpf.c,build/bpf/leaks/%.o,$(sort $(wildcard bpf/leaks/*.bpf.c)))
LEAK_OBJECT := build/bpf/cloudtaser-leaks.bpf.o
DIGESTS := src/kernel/digests.gen.ts
ADDON := build/Release/cloudtaser.node
# Of what others wrote and the product holds.
LICENCES := build/third-party-licences.txt
CANARY := build/cloudtaser-canary
LAUNCH := build/cloudtaser-launch
TS_SOURCES := $(shell find src test tools -name '*.ts' -not -path '*/node_modules/*' 2>/dev/null)

##@ Build
.PHONY: all bpf addon canary launch typescript command triggers
all: bpf addon canary launch triggers command ## BPF objects, addon, canary, launcher, attack programs and the command

bpf: $(OBJECT) $(SIGNAL_OBJECT) $(TYPED_OBJECT) $(LEAK_OBJECT) ## the linked BPF objects

addon: $(ADDON) ## the native addon

canary: $(CANARY) ## the program that makes each door fire

launch: $(LAUNCH) ## the first program of the image

typescript: build/typescript.stamp ## dist/src, dist/test, dist/tools

command: build/command.stamp ## dist/bin: the command as it is installed, in a few files

vpath %.bpf.c bpf/doors bpf
build/bpf/parts/%.o: %.bpf.c | build/requirements.stamp
	$(say) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)$(STRIP) -g $@

build/bpf/signal/%.o: %.bpf.c | build/requirements.stamp
	$(say) BPF '$< (signal)'
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DCT_FORM_SIGNAL -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)$(STRIP) -g $@

build/bpf/typed.o: $(DOORS) | build/requirements.stamp
	$(say) BPF 'all doors (typed)'
	$(Q)mkdir -p $(@D)
	$(Q)printf '#include "%s"\n' $(DOORS) >build/bpf/typed.bpf.c
	$(Q)$(CLANG) $(BPF_CFLAGS) -I. -DCT_TYPED -MMD -MP -MF $(@:.o=.d) -c build/bpf/typed.bpf.c -o $@
	$(Q)$(STRIP) -g $@

build/bpf/leaks/%.o: bpf/leaks/%.bpf.c | build/requirements.stamp
	$(say) BPF $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c $< -o $@
	$(Q)$(STRIP) -g $@

$(SIGNAL_OBJECT): $(SIGNAL_PARTS)
$(TYPED_OBJECT): build/bpf/typed.o
$(LEAK_OBJECT): $(LEAK_PARTS)
$(OBJECT): $(PARTS)
$(OBJECT) $(SIGNAL_OBJECT) $(TYPED_OBJECT) $(LEAK_OBJECT):
	$(say) LINK $@
	$(Q)$(BPFTOOL) gen object $@.tmp $^
	$(Q)# 5.10 refuses the BTF of a section without variables, and without BTF verifies every call of a function anew.
	$(Q)! $(BPFTOOL) btf dump file $@.tmp | grep "DATASEC '.rodata" || { echo "$@: a constant lies in .rodata" >&2; exit 1; }
	$(Q)mv $@.tmp $@

build/bpf/abi.o: bpf/abi.bpf.c | build/requirements.stamp
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -Wpadded -MMD -MP -MF $(@:.o=.d) -c $< -o $@

$(ADDON): binding.gyp bpf/abi_leak.h bpf/leak_hash.h $(shell find native -name '*.cc' -o -name '*.h' 2>/dev/null) | node_modules/.stamp
	$(say) GYP $@
	$(Q)mkdir -p build
	$(Q)$(BIN)/node-gyp configure $(NODEDIR) --loglevel=warn >build/addon.log 2>&1 && \
		$(BIN)/node-gyp build $(NODEDIR) --loglevel=warn >>build/addon.log 2>&1 || { cat build/addon.log; exit 1; }

$(CANARY): $(sort $(wildcard native/canary/*.c native/canary/*.h)) | build/requirements.stamp
	$(say) CC $@
	$(Q)$(CC) $(C_CFLAGS) -static -pthread -o $@ $(filter %.c,$^)

$(LAUNCH): native/launch/launch.c | build/requirements.stamp
	$(say) CC $@
	$(Q)$(CC) $(C_CFLAGS) -static -o $@ $<

# Which objects the agent loads.
$(DIGESTS): tools/digests.sh $(OBJECT) $(SIGNAL_OBJECT) $(TYPED_OBJECT) $(LEAK_OBJECT)
	$(Q)bash $< $(filter %.o,$^) > build/digests.tmp
	$(Q)mv build/digests.tmp $@

build/typescript.stamp: $(TS_SOURCES) $(DIGESTS) tsconfig.json | node_modules/.stamp
	$(say) TSC dist
	$(Q)$(TSC) -p tsconfig.json
	$(Q)touch $@

build/command.stamp: build/typescript.stamp
	$(say) BUNDLE dist/bin
	$(Q)node dist/tools/bundle.js
	$(Q)node $(HEAP) dist/tools/code-cache.js >build/code-cache.log
	$(Q)touch $@

node_modules/.stamp: package.json package-lock.json | build/requirements.stamp
	$(say) NPM 'node_modules (npm ci)'
	$(Q)npm ci --ignore-scripts --loglevel=error >/dev/null
	$(Q)touch $@

build/requirements.stamp: tools/requirements.sh
	$(Q)mkdir -p build
	$(Q)bash tools/requirements.sh
	$(Q)touch $@

-include test/triggers/triggers.mk
-include test/demo/demo.mk
-include test/bench/bench.mk
-include test/fuzz/fuzz.mk
-include test/torture/torture.mk
include packaging/packaging.mk
include packaging/cross.mk

##@ Use
.PHONY: demo lab lab-build test-build test test-all benign containers unit check bench bench-events
lab-build: all
	@true

lab: lab-build ## boot a guest: make lab KERNEL=6.1 (interactive shell)
	$(Q)node dist/test/lab/cli.js --kernel $(KERNEL) --shell

demo: lab-build demo-attacks ## real attacks, without and with the agent, in a guest (KERNEL=5.10, 6.1, 6.12, 7.2)
	$(Q)KERNEL=$(KERNEL) node dist/test/demo/demo.js

bench: lab-build build/bench/operations build/bench/floor.bpf.o ## what the agent costs, in instructions (KERNELS="6.12 5.10"; RESTART=1: its restart alone; UPDATE=1 commits the figures)
	$(Q)node dist/test/bench/bench.js $(if $(UPDATE),--update)

bench-events: typescript ## what the stream of events takes, natively (EVENTS=10000000 watches memory for longer; UPDATE=1 commits the figures)
	$(Q)node dist/test/bench/events.js $(if $(EVENTS),--events $(EVENTS)) $(if $(UPDATE),--update)

##@ Install
.PHONY: install deb image sbom
install: install-product install-system ## below DESTDIR, as root: program, unit, configuration (BUNDLE_NODE=1 brings Node along)

deb: all ## a Debian package with its own Node
	$(Q)bash packaging/debian/build.sh $(DEB) $(VERSION) $(DEB_ARCH)

image: ## a container image of what is committed, by buildah (IMAGE=NAME:TAG)
	$(Q)bash packaging/image/build.sh $(IMAGE)

$(LICENCES): tools/licences.ts package-lock.json build/typescript.stamp
	$(Q)node dist/tools/licences.js > $@.tmp && mv $@.tmp $@

build/sbom.json: tools/sbom.ts package-lock.json build/typescript.stamp
	$(Q)'$(NODE)' dist/tools/sbom.js > $@.tmp && mv $@.tmp $@

sbom: build/sbom.json $(LICENCES) ## what the product is made of, as CycloneDX (build/sbom.json), and the licences of others in it

##@ Quality
test-build: lab-build fuzzers torture-objects

test: test-build ## unit, contract, native, and the lab on all kernels (KERNELS="6.12 5.10")
	$(Q)node dist/tools/run-tests.js

test-all: test-build cross-arm64 ## the same with all that takes long, or differs little between kernels
	$(Q)TESTS=all node dist/tools/run-tests.js

benign: lab-build ## what must keep working, in a guest with systemd and ordinary services (KERNEL=5.10, 6.1, 6.12, 7.2)
	$(Q)$(BIN)/vitest run --project benign test/benign/kernel-$(KERNEL).test.ts --reporter=verbose

containers: lab-build ## forty containers of containerd in each way beside 500 pods, under attack, in a guest (KERNEL=6.1, 6.12)
	$(Q)TESTS=all CONTAINERS=40 PODS=500 $(BIN)/vitest run --project matrix test/matrix/containers-$(KERNEL).test.ts --reporter=verbose

.PHONY: arm64
arm64: lab-build cross-arm64 ## every vector on all its roads on an arm64 machine: make test-all has the core, each on one road
	$(Q)ARM64=all $(BIN)/vitest run --project matrix test/matrix/arm64.test.ts --reporter=verbose

.PHONY: locked
locked: lab-build ## lockdown, switches of Yama and BPF, SELinux and AppArmor without a policy, on all kernels, as make test-all has them
	$(Q)LOCKED=all $(BIN)/vitest run --project matrix test/matrix/locked.test.ts --reporter=verbose

.PHONY: syscall-fuzz
syscall-fuzz: lab-build ## random system calls beside the agent, in a guest (SECONDS=3600, SEED=)
	$(Q)SECONDS=$(or $(SECONDS),60) $(BIN)/vitest run --project matrix test/matrix/syscall-fuzz.test.ts --reporter=verbose

unit: all fuzzers ## the tests that need no guest
	$(Q)$(BIN)/vitest run --project unit --project contract --project native

check: all generated-check ## format, lint, types, generated files
	$(Q)$(BIOME) check src test tools package.json tsconfig.json biome.json
	$(Q)$(CLANG_FORMAT) --dry-run --Werror $(shell git ls-files 'bpf/*.h' 'bpf/*.c' 'native/*.h' 'native/*.cc' 'native/*.c' 'test/*.c' 'test/*.h')
	$(Q)node dist/tools/check-imports.js

.PHONY: generate generated-check torture siege reproduce fuzz golden format clean help
generate: build/bpf/abi.o typescript ## generated files: ABI decoders and references in docs/
	$(Q)node dist/tools/gen-abi.js build/bpf/abi.o > src/kernel/abi.gen.ts.tmp && mv src/kernel/abi.gen.ts.tmp src/kernel/abi.gen.ts
	$(Q)node dist/tools/gen-docs.js

generated-check: build/bpf/abi.o typescript
	$(Q)node dist/tools/gen-abi.js build/bpf/abi.o --check src/kernel/abi.gen.ts
	$(Q)node dist/tools/gen-docs.js --check

fuzz: fuzzers typescript ## tries the C++ for which test/fuzz has targets (SECONDS=60 each); what fails is kept in build/fuzz
	$(Q)node dist/tools/fuzz.js $(or $(SECONDS),60) $(FUZZ_TARGETS)

torture: lab-build torture-objects ## attackers at full speed through restarts, upgrades, crashes and faults (ROUNDS=100 KERNEL=6.12 SOAK=1800 SEED=n ATTEMPTS=1000000)
	$(Q)KERNEL=$(KERNEL) node dist/test/torture/torture.js $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(SOAK),--soak $(SOAK)) $(if $(SEED),--seed $(SEED)) $(if $(ATTEMPTS),--attempts $(ATTEMPTS))

siege: test-build ## torture, locked, syscall-fuzz, fuzz, races and bad input, one after the other, and one table (SECONDS, ROUNDS, SOAK, SEED, ATTEMPTS)
	$(Q)node dist/tools/siege.js $(foreach name,KERNEL ROUNDS SOAK SEED ATTEMPTS SECONDS,$(if $($(name)),$(name)=$($(name))))

reproduce: all ## builds everything once more elsewhere: byte by byte the same? (SAMPLE=1: a few doors, all JavaScript)
	$(Q)node dist/tools/reproduce.js $(if $(SAMPLE),--sample)

golden: typescript ## what the formats make of sample events (UPDATE=1 writes it anew)
	$(Q)node dist/tools/golden.js $(if $(UPDATE),--update)

format: ## rewrite sources in the house format
	$(Q)$(BIOME) check --write src test tools
	$(Q)$(CLANG_FORMAT) -i $(shell git ls-files 'bpf/*.h' 'bpf/*.c' 'native/*.h' 'native/*.cc' 'native/*.c' 'test/*.c' 'test/*.h')

clean: ## removes build/ and dist/
	$(Q)rm -rf build dist $(DIGESTS)

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' Makefile packaging/cross.mk

-include $(PARTS:.o=.d) $(SIGNAL_PARTS:.o=.d) build/bpf/typed.d $(LEAK_PARTS:.o=.d) build/bpf/abi.d

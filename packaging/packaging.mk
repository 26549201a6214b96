# SPDX-License-Identifier: Apache-2.0
# What is installed where: make install, make deb, make image.
DESTDIR ?=
NODE ?= $(shell command -v node)
INSTALL := install
VERSION := $(shell sed -n 's/^  "version": "\(.*\)",$$/\1/p' package.json)
DEB_ARCH := $(shell dpkg --print-architecture 2>/dev/null || echo amd64)
DEB := build/cloudtaser_$(VERSION)_$(DEB_ARCH).deb
LIBRARY := $(DESTDIR)/usr/lib/cloudtaser
DOCUMENTS := $(DESTDIR)/usr/share/doc/cloudtaser
IMAGE ?= localhost/cloudtaser:$(VERSION)

.PHONY: install-product install-system
install-product: all $(LICENCES)
	$(say) INSTALL '$(LIBRARY)'
	$(Q)$(INSTALL) -d $(LIBRARY)/dist/bin $(LIBRARY)/build/bpf $(LIBRARY)/build/Release $(LIBRARY)/build/triggers
	$(Q)$(INSTALL) -m 0644 package.json LICENSE $(LICENCES) $(LIBRARY)/
	$(Q)$(INSTALL) -m 0644 dist/bin/*.cjs dist/bin/*.cache $(LIBRARY)/dist/bin/
	$(Q)$(INSTALL) -m 0644 build/bpf/cloudtaser*.bpf.o $(LIBRARY)/build/bpf/
	$(Q)$(INSTALL) -m 0644 -s $(ADDON) $(LIBRARY)/build/Release/
	$(Q)$(INSTALL) -m 0755 -s $(CANARY) $(LIBRARY)/build/
	$(Q)find build/triggers -maxdepth 1 -type f -exec $(INSTALL) -m 0755 -t $(LIBRARY)/build/triggers {} +
	$(Q)if [ -n '$(BUNDLE_NODE)' ]; then $(INSTALL) -m 0755 "$$(readlink -f '$(NODE)')" $(LIBRARY)/node; fi

install-system: build/sbom.json
	$(Q)$(INSTALL) -D -m 0755 packaging/cloudtaser.sh $(DESTDIR)/usr/bin/cloudtaser
	$(Q)$(INSTALL) -D -m 0644 packaging/systemd/cloudtaser.service $(DESTDIR)/usr/lib/systemd/system/cloudtaser.service
	$(Q)$(INSTALL) -D -m 0644 packaging/systemd/cloudtaser.sysusers $(DESTDIR)/usr/lib/sysusers.d/cloudtaser.conf
	$(Q)$(INSTALL) -D -m 0644 packaging/systemd/cloudtaser.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/cloudtaser.conf
	$(Q)[ -e $(DESTDIR)/etc/cloudtaser/config.yaml ] || $(INSTALL) -D -m 0600 packaging/config.yaml $(DESTDIR)/etc/cloudtaser/config.yaml
	$(Q)$(INSTALL) -d $(DOCUMENTS)
	$(Q)$(INSTALL) -m 0644 README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md LICENSE build/sbom.json $(DOCUMENTS)/
	$(Q)cp -R --no-preserve=ownership docs daemonset $(DOCUMENTS)/

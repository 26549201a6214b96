// SPDX-License-Identifier: Apache-2.0
// Who reports, in formats that have a place for it. Consumers key their parsers on vendor and product: never change them.

export const product = {
  vendor: "CloudTaser",
  name: "cloudtaser",
  /** That of package.json; a contract test holds the two together. */
  version: "0.1.0",
} as const;

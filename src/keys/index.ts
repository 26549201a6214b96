// SPDX-License-Identifier: Apache-2.0
// The keys room: what other rooms may import.

export { isSignedBy, makeKey, parsePublicKey, readSigner, type Signer } from "./ed25519.js";
export { configurationText, readSignature, requestText, sha256Hex, signaturePath } from "./signed.js";

// SPDX-License-Identifier: Apache-2.0
// The evidence room: what other rooms may import.

export { Chain, hashLine, noLine, type Place } from "./chain.js";
export { verifyFiles } from "./files.js";
export { isSignedBy, openSigner, parsePublicKey, type Signer } from "./key.js";
export { type Counts, type Memory, type Remembered, recallHead, rememberHead } from "./memory.js";
export type { Finding, Verdict, VerifyResult } from "./result.js";
export { Verifier } from "./verify.js";

// SPDX-License-Identifier: Apache-2.0
// Roads that an arm64 machine does not have, and why.

export const absentOnArm64: Readonly<Record<string, string>> = {};

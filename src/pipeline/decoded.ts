// SPDX-License-Identifier: Apache-2.0
// What comes in: struct ct_event as the generated decoder hands it over. The kernel room satisfies this; it is not imported here.

export interface DecodedIdentity {
  startBoottimeNs: bigint;
  cgroupId: bigint;
  exeIno: bigint;
  exeDev: number;
  tgid: number;
  tid: number;
  ppid: number;
  uid: number;
  group: number;
  comm: string;
}

export interface DecodedEvent {
  timeNs: bigint;
  arg: bigint[];
  offender: DecodedIdentity;
  target: DecodedIdentity;
  name: string;
  syscall: number;
  error: number;
  abi: number;
  vector: number;
  door: number;
  outcome: number;
  flags: number;
}

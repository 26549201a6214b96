// SPDX-License-Identifier: Apache-2.0
// What comes in: struct ct_event as the generated decoder hands it over. The kernel room satisfies this; it is not
// imported here.

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

/** The same process with the same file in the same place: exec keeps pid and start time and changes the file, a move changes
 *  the control group, the end of a parent changes that. */
export function isSameProcess(one: DecodedIdentity, other: DecodedIdentity): boolean {
  return (
    one.tgid === other.tgid &&
    one.startBoottimeNs === other.startBoottimeNs &&
    one.exeIno === other.exeIno &&
    one.exeDev === other.exeDev &&
    one.cgroupId === other.cgroupId &&
    one.ppid === other.ppid
  );
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

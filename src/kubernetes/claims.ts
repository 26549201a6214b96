// SPDX-License-Identifier: Apache-2.0
// Whose a control group is where several pods say that it is theirs. A pod's own group is named by its uid, which the server
// gives; a mirror pod says by annotation which static pod it stands for, and whoever may write pods may write one.

export interface Claimant {
  uid: string;
  cgroupUid: string;
}

/** foreign: it is another pod's by uid; shared: several say so, and none of them by uid. */
export type Claim = "own" | "shared" | "foreign";

export class Claims {
  readonly #uids = new Set<string>();
  readonly #claimants = new Map<string, Set<string>>();

  constructor(pods: Iterable<Claimant>) {
    for (const { uid, cgroupUid } of pods) {
      this.#uids.add(uid);
      const known = this.#claimants.get(cgroupUid);
      if (known === undefined) this.#claimants.set(cgroupUid, new Set([uid]));
      else known.add(uid);
    }
  }

  of({ uid, cgroupUid }: Claimant): Claim {
    if (uid === cgroupUid) return "own";
    if (this.#uids.has(cgroupUid)) return "foreign";
    return (this.#claimants.get(cgroupUid)?.size ?? 0) > 1 ? "shared" : "own";
  }
}

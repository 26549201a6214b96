// SPDX-License-Identifier: Apache-2.0
// Who may loosen protection. With an authority in the configuration, root as such may not: a configuration must be signed and
// must not be older than the last one, and so must each request that takes protection away. Failure direction: what cannot be
// shown to be signed is refused, and what was in force stays.

import { type Config, provenanceOf } from "../config/index.js";
import type { Peer } from "../control/protocol.js";
import { CloudtaserError, reasonOf } from "../errors/index.js";
import type { RememberedAuthority } from "../kernel/index.js";
import { configurationText, isSignedBy, readSignature } from "../keys/index.js";
import type { Log } from "../log/index.js";
import type { Notice } from "../pipeline/index.js";

/** What environment and flags may say beside a signed file: nothing that loosens. */
const harmless = ["nodeName", "log.level", "control.socket"];

/** As the guards are to remember it; undefined: root may loosen protection. */
export function authorityOf(config: Pick<Config, "authority">): RememberedAuthority | undefined {
  const { publicKey, serial } = config.authority ?? {};
  if (publicKey === undefined || serial === undefined) return undefined;
  return { publicKey, serial: BigInt(serial), digest: provenanceOf(config)?.file?.digest ?? "" };
}

function refused(target: string, reason: string): CloudtaserError {
  return new CloudtaserError("AUTHORITY_CONFIGURATION", { target, fields: { reason } });
}

/**
 * Throws AUTHORITY_CONFIGURATION for a configuration that is not to be in force. A key that is remembered signs the file that
 * names the next one.
 */
export function checkConfiguration(
  config: Pick<Config, "authority">,
  remembered: RememberedAuthority | undefined,
): void {
  const { authority } = config;
  if (authority === undefined && remembered === undefined) return;
  const { file, overlays } = provenanceOf(config) ?? { file: undefined, overlays: [] };
  if (file === undefined) throw refused("that was given without a file", "an authority signs files");
  if (authority === undefined) throw refused(file.path, "it names no authority, and the guards that stand have one");
  const overlay = overlays.find(({ path }) => !harmless.includes(path.join(".")));
  if (overlay !== undefined) throw refused(file.path, `${overlay.origin} changes what the authority has signed`);
  const serial = BigInt(authority.serial);
  if (remembered !== undefined && serial < remembered.serial) {
    throw refused(file.path, `its serial ${serial} is lower than ${remembered.serial}, which was in force`);
  }
  // It was signed when it came into force, perhaps by the key before.
  if (remembered !== undefined && remembered.digest === file.digest) return;
  let signature: string;
  try {
    signature = readSignature(file.path);
  } catch (error) {
    throw refused(file.path, `its signature cannot be read: ${reasonOf(error)}`);
  }
  if (!isSignedBy(remembered?.publicKey ?? authority.publicKey, configurationText(file.digest), signature)) {
    throw refused(file.path, "its signature is not the authority's, or of another content");
  }
}

export interface AuthorityOptions {
  /** The one in force. */
  config(): Pick<Config, "authority">;
  /** Where it is told; undefined while there is none. */
  stream(): { announce(notice: Notice): void } | undefined;
  log: Log;
}

type Told = "AUTHORITY_DENIED" | "AUTHORITY_USED";

export class Authority {
  readonly #options: AuthorityOptions;
  readonly #log: Log;

  constructor(options: AuthorityOptions) {
    this.#options = options;
    this.#log = options.log.child("authority");
  }

  get inForce(): RememberedAuthority | undefined {
    return authorityOf(this.#options.config());
  }

  /**
   * Throws, and tells, if the configuration is not to be in force.
   * @param remembered by the guards that stand, for a start; for a reload the one in force. undefined: nobody is, and the file's own
   * authority must have signed it.
   */
  check(config: Pick<Config, "authority">, remembered: RememberedAuthority | undefined): void {
    try {
      checkConfiguration(config, remembered);
    } catch (error) {
      this.#tell("AUTHORITY_DENIED", { what: "configuration", reason: reasonOf(error) });
      throw error;
    }
  }

  isSigned(text: string, signature: string): boolean {
    const authority = this.inForce;
    return authority !== undefined && isSignedBy(authority.publicKey, text, signature);
  }

  /** Throws AUTHORITY_NEEDED where there is an authority and it did not sign what the peer asks for. */
  demand(peer: Peer, what: string): void {
    if (this.inForce === undefined) return;
    if (peer.signed) {
      this.#tell("AUTHORITY_USED", { what, pid: peer.pid, uid: peer.uid });
      return;
    }
    this.denied(peer, what, "it is not signed");
    throw new CloudtaserError("AUTHORITY_NEEDED", { target: what });
  }

  denied(peer: Peer, what: string, reason: string): void {
    this.#tell("AUTHORITY_DENIED", { what, reason, pid: peer.pid, uid: peer.uid });
  }

  /** What a stop may do: a signal has no signature, so the guards stay, unless the signed file says that they need not. */
  stopAs(how: "leave" | "detach"): "leave" | "detach" {
    return this.inForce === undefined || this.#options.config().authority?.mayDetach === true ? how : "leave";
  }

  #tell(type: Told, detail: Record<string, string | number>): void {
    this.#log.warn(type === "AUTHORITY_USED" ? "signed by the authority" : "not signed by the authority", detail);
    this.#options.stream()?.announce({ type, detail });
  }
}

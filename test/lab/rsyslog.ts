// SPDX-License-Identifier: Apache-2.0
// Debian's rsyslog as a receiver of syslog over TLS (RFC 5425): an ordinary process with a directory of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { unpackedPackages } from "./debian.js";

/** With all that a system without GnuTLS lacks. */
const packages = [
  ...["rsyslog", "rsyslog-gnutls", "libestr0", "libfastjson4", "liblognorm5"],
  ...["libgnutls30", "libhogweed6", "libnettle8", "libgmp10", "libidn2-0", "libunistring2", "libtasn1-6"],
  ...["libp11-kit0", "libffi8"],
];

const patienceMs = 30_000;

export interface RsyslogOptions {
  directory: string;
  /** Files of the server's certificate and key, and of the authorities that it trusts, itself included. */
  cert: string;
  key: string;
  ca: string;
  /** The name in the only client certificate that it takes. */
  peer: string;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** What it understood of each message, a line each; what a test compares with what was sent. */
const template = [
  "<%pri%>1 %timestamp:::date-rfc3339% %hostname% %app-name% %procid% %msgid% %structured-data% ",
  String.raw`%msg%\n`,
].join("");

export class Rsyslog {
  readonly #options: RsyslogOptions;
  #process: ChildProcess | undefined;
  #said = "";
  port = 0;

  constructor(options: RsyslogOptions) {
    this.#options = options;
  }

  get file(): string {
    return join(this.#options.directory, "received");
  }

  /** Whole lines, in the order in which they were written. */
  lines(): string[] {
    return existsSync(this.file) ? readFileSync(this.file, "utf8").split("\n").slice(0, -1) : [];
  }

  /** On the port of before, if there was one. */
  async start(): Promise<void> {
    const { directory } = this.#options;
    mkdirSync(directory, { recursive: true });
    const told = join(directory, "port");
    writeFileSync(told, "");
    writeFileSync(join(directory, "rsyslog.conf"), this.#configuration(told));
    const root = await unpackedPackages("rsyslog", packages);
    const libraries = join(root, "usr/lib/x86_64-linux-gnu");
    const modules = join(libraries, "rsyslog");
    const argv = ["-n", "-f", join(directory, "rsyslog.conf"), "-i", "NONE", "-M", modules];
    const child = spawn(join(root, "usr/sbin/rsyslogd"), argv, {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, LD_LIBRARY_PATH: libraries },
    });
    child.stderr.on("data", (text: Buffer) => (this.#said += text.toString()));
    this.#process = child;
    // It tells a port that it chose, and no other.
    const known = this.port;
    const listens = async (): Promise<boolean> => (known === 0 ? readFileSync(told, "utf8") !== "" : isOpen(known));
    for (const end = Date.now() + patienceMs; !(await listens()); await sleep(20)) {
      if (child.exitCode === null && Date.now() < end) continue;
      throw new Error(`rsyslogd does not listen: ${this.#said}`);
    }
    this.port = known || Number(readFileSync(told, "utf8"));
  }

  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await ended;
  }

  #configuration(told: string): string {
    const { directory, cert, key, ca, peer } = this.#options;
    return `global(
  workDirectory="${directory}" maxMessageSize="64k"
  defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="${ca}"
  defaultNetstreamDriverCertFile="${cert}" defaultNetstreamDriverKeyFile="${key}"
)
module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/name" permittedPeer=["${peer}"])
template(name="understood" type="string" string="${template}")
ruleset(name="all") { action(type="omfile" file="${this.file}" template="understood") }
input(type="imtcp" address="127.0.0.1" port="${this.port}" listenPortFileName="${told}" ruleset="all")
`;
  }
}

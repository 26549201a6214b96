// SPDX-License-Identifier: Apache-2.0
// The command line of the lab, as data.

import { basename } from "node:path";
import { parseArgs } from "node:util";
import { type LabArch, labArches } from "./arch.js";
import { LabError } from "./error.js";

export const usage = `Usage: lab --kernel VERSION|VMLINUZ [options] -- COMMAND [ARGUMENT…]
       lab --kernel VERSION|VMLINUZ [options] --shell

Boots a guest in QEMU, runs COMMAND in it as root, and ends with its exit status.
One word is given to sh -c; several words are run as they are.

  --kernel K        5.10, 6.1, 6.12, 7.2, or the path of a vmlinuz with its modules
  --arch A          amd64 (default) or arm64, which needs make cross-arm64
  --cmdline TEXT    appended to the kernel's command line
  --copy PATH[:TO]  copy a file or folder into the guest; TO defaults to /root/NAME
  --smp N           processors (2)
  --memory M        memory (2G)
  --icount          the guest's clock counts instructions, on one processor
  --tcg HOW         single (default) or multi: emulation threads
  --systemd         boot systemd as pid 1
  --timeout S       seconds that COMMAND may take (600)
  --no-product      boot even if the product is not built
  --shell           a root shell on the guest's console; leave it with exit
  --console         show the guest's console on standard error
  --help            this text
`;

export interface LabArguments {
  kernel: string;
  arch: LabArch;
  cmdline: string;
  copy: { from: string; to: string }[];
  smp: number;
  memory: string;
  icount: boolean;
  tcg: "single" | "multi";
  systemd: boolean;
  timeoutSeconds: number;
  product: boolean;
  shell: boolean;
  console: boolean;
  command: string[];
}

/** Undefined when help was asked for. */
export function parseArguments(argv: readonly string[]): LabArguments | undefined {
  const split = argv.indexOf("--");
  const own = split < 0 ? argv : argv.slice(0, split);
  const command = split < 0 ? [] : argv.slice(split + 1);
  const values = parse(own);
  if (values.help) return undefined;
  if (values.kernel === undefined) throw wrong("--kernel", "it is missing");
  if (values.shell && command.length > 0) throw wrong("--shell", "it takes no command");
  if (!values.shell && command.length === 0) throw wrong("COMMAND", "it is missing (after --)");
  const arch = labArches.find((known) => known === values.arch);
  if (arch === undefined) throw wrong("--arch", `"${values.arch}" is none of ${labArches.join(", ")}`);
  if (values.tcg !== "single" && values.tcg !== "multi")
    throw wrong("--tcg", `"${values.tcg}" is neither single nor multi`);
  if (!/^\d+[MG]$/.test(values.memory))
    throw wrong("--memory", `"${values.memory}" is not a number followed by M or G`);
  if (values.icount && values.tcg === "multi") throw wrong("--icount", "it cannot be combined with --tcg multi");
  return {
    kernel: values.kernel,
    arch,
    cmdline: values.cmdline,
    copy: values.copy.map(parseCopy),
    smp: wholeNumber("--smp", values.smp),
    memory: values.memory,
    icount: values.icount,
    tcg: values.tcg,
    systemd: values.systemd,
    timeoutSeconds: wholeNumber("--timeout", values.timeout),
    product: !values["no-product"],
    shell: values.shell,
    console: values.console,
    command,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        kernel: { type: "string" },
        arch: { type: "string", default: "amd64" },
        cmdline: { type: "string", default: "" },
        copy: { type: "string", multiple: true, default: [] },
        smp: { type: "string", default: "2" },
        memory: { type: "string", default: "2G" },
        icount: { type: "boolean", default: false },
        tcg: { type: "string", default: "single" },
        systemd: { type: "boolean", default: false },
        timeout: { type: "string", default: "600" },
        "no-product": { type: "boolean", default: false },
        shell: { type: "boolean", default: false },
        console: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw wrong("arguments", error instanceof Error ? error.message : String(error));
  }
}

function parseCopy(text: string): { from: string; to: string } {
  const colon = text.lastIndexOf(":");
  const from = colon > 0 ? text.slice(0, colon) : text;
  const to = colon > 0 ? text.slice(colon + 1) : `/root/${basename(from)}`;
  if (!to.startsWith("/")) throw wrong("--copy", `"${to}" is not a full path`);
  return { from, to };
}

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw wrong(option, `"${text}" is not a whole number above 0`);
  return Number(text);
}

function wrong(about: string, cause: string): LabError {
  return new LabError({ code: "LAB_USAGE", about, cause, fix: "See lab --help." });
}

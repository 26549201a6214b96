// SPDX-License-Identifier: Apache-2.0
// The one error type of the lab. It carries a stable code, the thing it is about, the cause, what to do, and,
// where a guest is involved, the last lines of that guest's console.

export type LabErrorCode =
  | "LAB_USAGE"
  | "LAB_TOOL_MISSING"
  | "LAB_TOOL_FAILED"
  | "LAB_SOURCE_MISSING"
  | "LAB_SOURCE_UNREACHABLE"
  | "LAB_KERNEL_UNKNOWN"
  | "LAB_KERNEL_INCOMPLETE"
  | "LAB_PRODUCT_MISSING"
  | "LAB_GUEST_BOOT"
  | "LAB_GUEST_PANIC"
  | "LAB_GUEST_OOPS"
  | "LAB_GUEST_LOCKUP"
  | "LAB_GUEST_HUNG"
  | "LAB_GUEST_GONE"
  | "LAB_COMMAND_TIMEOUT"
  | "LAB_COMMAND_FAILED";

export interface LabErrorParts {
  code: LabErrorCode;
  /** The kernel, tool, file or command that it is about. */
  about: string;
  cause: string;
  /** What the reader can do, as a full sentence. */
  fix: string;
  /** The guest's last console lines, oldest first. */
  console?: readonly string[];
  /** What the failed tool or command printed, the end of it. */
  output?: string;
}

export class LabError extends Error {
  override readonly name = "LabError";
  readonly code: LabErrorCode;
  readonly about: string;
  readonly fix: string;
  readonly console: readonly string[];
  readonly output: string;

  constructor(parts: LabErrorParts) {
    super(describe(parts));
    this.code = parts.code;
    this.about = parts.about;
    this.fix = parts.fix;
    this.console = parts.console ?? [];
    this.output = parts.output ?? "";
  }
}

function describe(parts: LabErrorParts): string {
  const lines = [`${parts.code}: ${parts.about}: ${parts.cause}`, `  ${parts.fix}`];
  if (parts.output) lines.push("  its output ended:", ...indent(parts.output.trimEnd().split("\n").slice(-12)));
  if (parts.console) lines.push("  the guest's last console lines:", ...indent(consoleLines(parts.console)));
  return lines.join("\n");
}

function consoleLines(lines: readonly string[]): readonly string[] {
  return lines.length > 0 ? lines : ["(nothing was printed)"];
}

function indent(lines: readonly string[]): string[] {
  return lines.map((line) => `    | ${line}`);
}

// SPDX-License-Identifier: Apache-2.0
// From nothing to doors that stand and are proved: which form, beside what an earlier agent left, and nothing left
// behind when it fails.
import { existsSync, readFileSync } from "node:fs";
import { CloudtaserError } from "../errors/index.js";
import { Role } from "./abi.gen.js";
import { Census } from "./census.js";
import { doorNames, type Form } from "./doors.js";
import { Kernel, type KernelOptions } from "./kernel.js";
import type { Native } from "./native.js";
import { Pins } from "./pins.js";
import { formsToTry } from "./probe.js";
import { Standing } from "./standing.js";

const provedCount = (kernel: Kernel): number => doorNames.length - kernel.unproven.length;

/** Loads, attaches and proves the doors in the best form that works. Leaves nothing behind when it throws. */
export async function openKernel(options: KernelOptions): Promise<Kernel> {
  const forms = options.form === "auto" ? formsToTry(options.facts) : [options.form];
  let best: { form: Form; proved: number } | undefined;
  for (const form of forms) {
    const kernel = await openIn(options, form);
    // Protection that was taken over is not thrown away for a proof that failed: it stays, and is not ready.
    if (kernel.tookOver) return kernel;
    const proved = provedCount(kernel);
    if (proved === doorNames.length || (form === forms.at(-1) && proved > (best?.proved ?? -1))) return kernel;
    if (!best || proved > best.proved) best = { form, proved };
    kernel.close("detach");
  }
  if (!best) throw new CloudtaserError("NO_DOORS", { target: "this kernel" });
  return openIn(options, best.form);
}

async function openIn(options: KernelOptions, form: Form): Promise<Kernel> {
  const { native, facts } = options;
  const pins = new Pins(options.pinPath);
  const tookOver = pins.standing;
  if (!tookOver && facts.bpffs) clearLeftovers(native, pins);
  // Doors that stand refuse our own BPF programs until the kernel knows who we are.
  if (tookOver) announce(native, pins);
  const load = { object: options.object, form, reuse: tookOver ? pins.maps : undefined };
  const standing = new Standing(native, load, facts.bpffs ? pins : undefined);
  const kernel = new Kernel(options, standing, tookOver);
  try {
    kernel.add({ tgid: process.pid, group: 0, role: Role.agent, follow: false });
    standing.attach();
    standing.pin();
    await kernel.prove();
    return kernel;
  } catch (error) {
    kernel.close(tookOver ? "leave" : "detach");
    throw error;
  }
}

/** Pins of a start that died half-way cannot be taken over. They are removed if they protect nobody, else left and named. */
function clearLeftovers(native: Native, pins: Pins): void {
  if (!pins.any) return;
  // The agent itself has an entry in `scope`, so it is the count that tells.
  const protectedCount = pins.map("scope_count");
  if (existsSync(protectedCount)) {
    const map = native.openMap(protectedCount);
    try {
      if ((map.lookup(Buffer.alloc(4))?.readBigInt64LE() ?? 0n) > 0n) {
        throw new CloudtaserError("PIN_MISMATCH", {
          target: pins.path,
          fields: { reason: "an earlier start ended half-way, and processes are protected by it" },
        });
      }
    } finally {
      map.close();
    }
  }
  pins.removeAll();
}

/** Tells doors that stand already that this process is the agent now. */
function announce(native: Native, pins: Pins): void {
  const request = native.openMap(pins.map("census_request"));
  try {
    new Census(request, () => readFileSync(pins.census)).add({
      tgid: process.pid,
      group: 0,
      role: Role.agent,
      follow: false,
    });
  } finally {
    request.close();
  }
}

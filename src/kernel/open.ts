// SPDX-License-Identifier: Apache-2.0
// From nothing to doors that stand and are proved: which form, beside what an earlier agent left, and nothing left
// behind when it fails.
import { CloudtaserError } from "../errors/index.js";
import { openBest } from "./choice.js";
import type { Form } from "./doors.js";
import { Kernel } from "./kernel.js";
import { clearLeftovers } from "./leftovers.js";
import { doorsObject, lockedOut } from "./objects.js";
import type { KernelOptions } from "./options.js";
import { Pins } from "./pins.js";
import { formsToTry } from "./probe.js";
import { knowReaders } from "./readers.js";
import { Standing } from "./standing.js";

/** Loads, attaches and proves the doors in the best form that works. Leaves nothing behind when it throws. */
export async function openKernel(options: KernelOptions): Promise<Kernel> {
  // Known without a try of each door in each form, which takes minutes on a slow machine.
  if (lockedOut(options.native, options.facts)) {
    throw new CloudtaserError("LOCKED_DOWN", { target: "/sys/kernel/security/lockdown" });
  }
  const openOne = (form: Form): Promise<Kernel> => openIn(options, form);
  if (options.form !== "auto") return openBest([options.form], undefined, openOne);
  return openBest(formsToTry(options.facts), "signal", openOne);
}

async function openIn(options: KernelOptions, form: Form): Promise<Kernel> {
  const { native, facts } = options;
  const pins = new Pins(options.pinPath);
  if (options.onForeignPin) pins.onForeign = options.onForeignPin;
  const tookOver = pins.standing;
  if (tookOver && form === "signal") throw otherFormStands(pins);
  if (!tookOver && facts.bpffs) clearLeftovers(native, pins);
  const load = {
    object: doorsObject(form, options.objects, facts.lockdown),
    form,
    reuse: tookOver ? pins.maps : undefined,
  };
  // What 5.10 attaches as a kprobe cannot be pinned, so nothing of that form is: it ends with the agent.
  const pinned = facts.bpffs && form !== "signal";
  // Doors that stand know us by our executable, as long as no agent lives: bpf/agent_identity.h.
  const standing = new Standing(native, load, pinned ? pins : undefined);
  const kernel = new Kernel(options, standing, tookOver);
  try {
    standing.attach();
    kernel.introduce();
    standing.pin();
    kernel.introduce();
    const readers = standing.maps.get("readers");
    kernel.readersKnown = readers !== undefined && (await knowReaders(readers));
    await kernel.prove();
    if (standing.adopted && kernel.unproven.length > 0) await kernel.renew();
    return kernel;
  } catch (error) {
    kernel.close(tookOver ? "leave" : "detach");
    throw error;
  }
}

/** Doors of the signal form cannot share the maps of doors that refuse: each would judge what the other has judged. */
function otherFormStands(pins: Pins): CloudtaserError {
  const reason = "guards in another form stand there; take them off with: cloudtaser agent --uninstall";
  return new CloudtaserError("PIN_MISMATCH", { target: pins.path, fields: { reason } });
}

// SPDX-License-Identifier: Apache-2.0
// What a configuration says of single workloads: who belongs to each, and its own rules before those of all.

import { z } from "zod";
import { type VectorName, vectorEntry, vectorNames } from "../vectors/index.js";
import { parseDestination } from "./destination.js";
import { modeOf } from "./mode.js";
import { absolutePath } from "./paths.js";

const destination = z
  .string()
  .max(100)
  .refine(
    (text) => parseDestination(text) !== undefined,
    "must be an address or a network of addresses, with a port if not any is meant; names are not looked up",
  );

const workloadVectorPolicy = (name: VectorName) =>
  z.strictObject({
    mode: modeOf(name).optional().describe("Mode of this vector against this workload."),
    kill: z.boolean().optional().describe("Kill the offender of this vector against this workload."),
  });

/** A vector against the node cannot have a rule for one workload: problem.ts says so by name. */
const workloadVectors = Object.fromEntries(
  vectorNames
    .filter((name) => vectorEntry(name).scope !== "node")
    .map((name) => [name, workloadVectorPolicy(name).optional()]),
) as Record<VectorName, z.ZodOptional<ReturnType<typeof workloadVectorPolicy>>>;

export const workload = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be 1 to 63 letters, digits, dots, dashes or underscores")
      .describe("Name of the workload in events and status; unique."),
    pid: z.int().min(1).max(4194304).optional().describe("Process id on the node."),
    unit: z.string().min(1).max(256).optional().describe("systemd unit whose processes are protected."),
    cgroup: absolutePath
      .optional()
      .describe("Control group directory: whoever is in it or below, or enters it, is protected."),
    cgroups: z
      .array(absolutePath)
      .min(1)
      .max(256)
      .optional()
      .describe(
        'The same for all that these patterns name, now and later: "*" and "?" stand for characters of one name, as in "/sys/fs/cgroup/system.slice/pay*.service".',
      ),
    mode: z.enum(["detect", "enforce"]).optional().describe("For this workload in place of the global mode."),
    kill: z.boolean().optional().describe("For this workload in place of the global setting."),
    vectors: z
      .strictObject(workloadVectors)
      .optional()
      .describe("Settings of single vectors for this workload, before those of all; vectors against processes only."),
    membersMayInspect: z.boolean().optional().describe("For this workload in place of the global setting."),
    egress: z
      .array(destination)
      .max(1024)
      .optional()
      .describe(
        'Where its processes may connect and send to, as "10.0.0.0/8:5432", "192.0.2.7", "[2001:db8::/32]:443"; everywhere if left out, nowhere if empty. Loopback is no exception.',
      ),
  })
  .refine(
    ({ pid, unit, cgroup, cgroups }) => [pid, unit, cgroup, cgroups].filter((one) => one !== undefined).length <= 1,
    "takes at most one of pid, unit, cgroup and cgroups",
  )
  .refine(
    ({ name, ...rest }) => Object.values(rest).some((value) => value !== undefined),
    "says nothing: it needs one of pid, unit, cgroup and cgroups, or rules for what is protected under that name",
  );

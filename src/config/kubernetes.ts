// SPDX-License-Identifier: Apache-2.0
// Which pods of this node are protected, and how the API server is reached that names them.

import { z } from "zod";
import { absolutePath } from "./paths.js";

const account = "/var/run/secrets/kubernetes.io/serviceaccount";

function isServer(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const { protocol, username, password, search, hash } = url ?? {};
  return protocol === "https:" && [username, password, search, hash].every((part) => part === "");
}

const labelKey = z
  .string()
  .regex(/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/, "must be the key of a label");

const labelValue = z
  .string()
  .regex(/^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/, "must be the value of a label");

const selector = z
  .strictObject({
    namespaces: z
      .array(z.string().regex(/^[a-z0-9*-]{1,63}$/, "must be the name of a namespace; * stands for any characters"))
      .min(1)
      .max(256)
      .optional()
      .describe('Namespaces, as "payments" or "prod-*"; every one if left out.'),
    labels: z
      .record(labelKey, labelValue)
      .refine((labels) => Object.keys(labels).length > 0, "names no label")
      .optional()
      .describe("Labels that the pod must have, all of them; any if left out."),
  })
  .refine(
    ({ namespaces, labels }) => namespaces !== undefined || labels !== undefined,
    "needs namespaces, labels or both",
  );

export const kubernetes = z
  .strictObject({
    apiServer: z
      .string()
      .max(300)
      .refine(isServer, "must be https://HOST[:PORT]")
      .optional()
      .describe("Address of the API server; what every pod is told (`KUBERNETES_SERVICE_HOST`) if left out."),
    tokenFile: absolutePath
      .default(`${account}/token`)
      .describe("File of the service account's token, read anew for each request."),
    caFile: absolutePath
      .default(`${account}/ca.crt`)
      .describe("File of certificates that the API server's must lead to."),
    select: z
      .array(selector)
      .max(256)
      .default([])
      .describe("Pods that are protected whatever they say themselves: those that one of these matches."),
    annotation: z
      .boolean()
      .default(true)
      .describe('Protect pods that ask for it with the annotation `cloudtaser.io/ebpf: "true"`.'),
    overrides: z
      .boolean()
      .default(true)
      .describe(
        "Heed `cloudtaser.io/mode`, `/vectors`, `/response` and `/egress` of a protected pod: its own rules before those of all.",
      ),
    cgroups: z
      .array(absolutePath)
      .max(16)
      .default([])
      .describe("Control groups below which the kubelet makes those of pods, if not one of the usual places."),
  })
  .optional()
  .describe("Protect pods of this node; left out, none. `kubernetes: {}` takes the defaults.");

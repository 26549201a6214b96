// SPDX-License-Identifier: Apache-2.0
// Where the API server is: as configured, or as every pod is told.

import type { KubernetesConfig } from "../config/index.js";
import { CloudtaserError } from "../errors/index.js";

export interface Endpoint {
  /** https://HOST:PORT without a slash at the end. */
  url: string;
  tokenFile: string;
  caFile: string;
}

/** Throws KUBERNETES_UNCONFIGURED outside a cluster if no server is named. */
export function endpointOf(
  { apiServer, tokenFile, caFile }: Pick<KubernetesConfig, "apiServer" | "tokenFile" | "caFile">,
  env: Readonly<Record<string, string | undefined>>,
): Endpoint {
  if (apiServer !== undefined) return { url: new URL(apiServer).origin, tokenFile, caFile };
  const host = env["KUBERNETES_SERVICE_HOST"] ?? "";
  const port = env["KUBERNETES_SERVICE_PORT_HTTPS"] ?? env["KUBERNETES_SERVICE_PORT"] ?? "443";
  const url = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (host === "" || !URL.canParse(url)) {
    const reason = host === "" ? "KUBERNETES_SERVICE_HOST is not set" : "KUBERNETES_SERVICE_HOST is no host";
    throw new CloudtaserError("KUBERNETES_UNCONFIGURED", { target: "kubernetes.apiServer", fields: { reason } });
  }
  return { url: new URL(url).origin, tokenFile, caFile };
}

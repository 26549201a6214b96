// SPDX-License-Identifier: Apache-2.0
// Errors about the Kubernetes API server and the pods of this node. {target} is the server's address, a pod or a path.

import { type ErrorEntry, exitCodes } from "./exit.js";

export const kubernetesErrors = {
  KUBERNETES_UNCONFIGURED: {
    message: "{target} is not set and this is no pod: {reason}",
    help: "Set kubernetes.apiServer, tokenFile and caFile, or run the agent as the DaemonSet does.",
    exitCode: exitCodes.usage,
  },
  KUBERNETES_UNREACHABLE: {
    message: "the API server {target} gave no usable answer: {reason}",
    help: "What is protected stays so, and the agent goes on asking. Check network policies, the address, and that kubernetes.caFile is the cluster's.",
    exitCode: exitCodes.failed,
  },
  KUBERNETES_UNAUTHORIZED: {
    message: "the API server {target} does not accept the token: {reason}",
    help: "The file kubernetes.tokenFile is read anew for each request: check that it is the service account's, not expired, and mounted with automountServiceAccountToken.",
    exitCode: exitCodes.forbidden,
  },
  KUBERNETES_FORBIDDEN: {
    message: "the API server {target} does not let {account} {verb} {resource}",
    help: 'Bind a ClusterRole with this rule to it: apiGroups: [""], resources: ["{resource}"], verbs: ["list", "watch"] (what is missing: {verb}), as daemonset/base/rbac.yaml does.',
    exitCode: exitCodes.forbidden,
  },
  KUBERNETES_NO_CGROUPS: {
    message: "no control groups of pods: {target} {reason}",
    help: "The node needs cgroup v2, mounted at /sys/fs/cgroup in the agent's container too; name other places of the kubelet in kubernetes.cgroups.",
    exitCode: exitCodes.unsupported,
  },
} as const satisfies Record<string, ErrorEntry>;

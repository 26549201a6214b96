// SPDX-License-Identifier: Apache-2.0
// Alerts about pods: are those protected that shall be, and does the API server tell.

import { type Alert, sameAgent } from "./rule.js";

export const podAlerts: readonly Alert[] = [
  {
    name: "CloudtaserPodUnguarded",
    expr: "cloudtaser_kubernetes_unguarded_pods > 0",
    for: "1m",
    severity: "critical",
    summary: "{{ $value }} pods on {{ $labels.instance }} run unprotected.",
    description: "They ask for protection, or the configuration selects them, and the agent could not give it.",
    runbook: [
      "`POD_UNGUARDED` events name the pods and the reason; the agent tries again every ten seconds.",
      "A control group that is not found: name the kubelet's place in `kubernetes.cgroups`.",
    ],
  },
  {
    name: "CloudtaserKubernetesSilent",
    expr: `cloudtaser_kubernetes_last_heard_timestamp_seconds > 0 and ${sameAgent} time() - cloudtaser_kubernetes_last_heard_timestamp_seconds > 600`,
    severity: "warning",
    summary: "The API server has told the agent on {{ $labels.instance }} nothing for ten minutes.",
    description: "What is protected stays so; pods that came since are not known.",
    runbook: [
      "`cloudtaser status` says why: no route, an expired token, a rule of access that is missing.",
      "`kubectl auth can-i watch pods --as=system:serviceaccount:cloudtaser-system:cloudtaser` must say yes.",
    ],
  },
];

// SPDX-License-Identifier: Apache-2.0
// docs/reference/privileges.md: what the agent's container may do and sees of the node, each with its reason.

import { capabilities, mounts, type Privilege } from "../manifests/privileges.js";
import { code, opening, table } from "./markdown.js";

const without = ({ without: missing }: Privilege): string => missing ?? "";

export function privilegesReference(): string {
  return [
    opening(
      "Privileges",
      "tools/manifests",
      "What the daemon set gives the agent, and why. The systemd unit has the same capabilities, and a few more for selftests that the agent makes by itself.",
    ),
    "## Capabilities",
    "",
    "All others are dropped, and none can be gained (`allowPrivilegeEscalation: false`). The last column says what is missing in the overlay `least-privilege`, which does without.",
    "",
    table(
      ["Capability", "Why", "Without it"],
      capabilities.map((one) => [code(one.name), one.why, without(one)]),
    ),
    "## Of the node",
    "",
    table(
      ["Path", "Access", "Why", "Without it"],
      mounts.map((one) => [code(one.path), one.write ? "read, write" : "read", one.why, without(one)]),
    ),
    "## The rest",
    "",
    table(
      ["Setting", "Why"],
      [
        [
          code("hostPID: true"),
          "Processes are protected and reported by the ids that the node knows, and `/proc` must show them.",
        ],
        [code("runAsUser: 0"), "The control socket and the pins belong to root."],
        [
          `${code("seccompProfile")}, ${code("appArmorProfile")}: ${code("Unconfined")}`,
          "They would refuse the canary's attempts before a guard is asked, and a guard that cannot be tried is not proved.",
        ],
        [
          code("seLinuxOptions.type: spc_t"),
          "Where SELinux enforces, the mounts above are out of a container's reach otherwise.",
        ],
        [code("readOnlyRootFilesystem: true"), "Nothing is written into the image."],
        [code("hostNetwork: false"), "Metrics and health are on the pod's own address."],
        [
          "ClusterRole: `pods`, `list`, `watch`",
          "Which pods of this node are to be protected. Nothing else of the API: no secrets, no writing. The agent asks for its node's pods; the API knows no such rule, so whoever takes the token from one node reads the pods of all, with every value that stands in them in plain (`env`, `args`, annotations).",
        ],
      ],
    ),
  ].join("\n");
}

// SPDX-License-Identifier: Apache-2.0
// A container of crun, protected by its control group: its whole life, and what a kubelet does to it meanwhile.
import { expect, test } from "vitest";
import type { Node } from "./machine.js";

const minutes = 60_000;
const bundle = "/run/bundle";

const make = `set -e
mkdir -p ${bundle}/rootfs/bin ${bundle}/rootfs/proc ${bundle}/rootfs/dev ${bundle}/rootfs/sys
cp /bin/busybox ${bundle}/rootfs/bin/busybox
for name in sh sleep cat ps echo; do ln -sf busybox ${bundle}/rootfs/bin/$name; done
cd ${bundle} && rm -f config.json && crun spec
python3 - <<'PYTHON'
import json
spec = json.load(open("${bundle}/config.json"))
spec["process"]["terminal"] = False
spec["process"]["args"] = ["/bin/sh", "-c", "while :; do sleep 1; done"]
spec["process"]["env"].append("TOKEN=in-a-container")
json.dump(spec, open("${bundle}/config.json", "w"))
PYTHON`;

export function containerTests(node: () => Node): void {
  test(
    "a protected container: start, exec, probe, pause, resume, stop",
    async () => {
      const must = (command: string): Promise<string> => node().must(command, 300);
      await must(make);
      await must(`cd ${bundle} && crun --cgroup-manager=cgroupfs run -d vault </dev/null >/dev/null 2>&1`);
      const { pid } = JSON.parse(await must("crun state vault")) as { pid: number };
      await must(`cloudtaser protect --name vault ${pid}`);
      expect(await must("crun exec vault echo alive </dev/null")).toBe("alive\n");
      // A liveness probe that looks at its own container.
      expect(await must("crun exec vault /bin/sh -c 'cat /proc/1/cmdline >/dev/null && echo ok' </dev/null")).toBe(
        "ok\n",
      );
      await must("crun ps vault && crun pause vault && crun state vault | grep -q paused && crun resume vault");
      const checkpoint = await node().guest.run("crun checkpoint --image-path=/tmp/image vault");
      expect(checkpoint.status).not.toBe(0);
      expect(checkpoint.stderr).not.toBe("");
      await must("crun kill vault TERM; sleep 1; crun kill vault KILL || true");
      await must(
        "for i in $(seq 100); do crun state vault | grep -q stopped && break; sleep 0.2; done; crun delete vault",
      );
    },
    10 * minutes,
  );
}

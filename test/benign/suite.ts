// SPDX-License-Identifier: Apache-2.0
// What must keep working in enforce mode, on one kernel, under systemd: people's tools, monitoring, containers, tracers on
// unprotected processes, and the protected services themselves. A refusal fails the test that met it.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { looksAt } from "./commands.js";
import { containerTests } from "./container.js";
import { Node, type Service, services } from "./machine.js";
import { stressBefore, stressTests } from "./stress.js";

const minutes = 60_000;

export function describeBenign(kernel: string): void {
  describe(`benign on ${kernel}`, () => {
    let node: Node;

    beforeAll(async () => {
      node = await Node.boot(kernel);
      await stressBefore(node);
      await node.startAgent();
    }, 20 * minutes);

    afterAll(async () => {
      await node?.guest.close();
    });

    afterEach(async () => {
      expect(await node.refusals(), "refused although nobody attacked").toEqual([]);
    }, minutes);

    test(
      "the services are protected",
      async () => {
        const status = JSON.parse(await node.must("cloudtaser status --json")) as {
          ready: boolean;
          processes: { pid: number; workload: string }[];
        };
        expect(status.ready).toBe(true);
        for (const name of Object.keys(services)) {
          expect(
            status.processes.map(({ workload }) => workload),
            name,
          ).toContain(name);
        }
      },
      minutes,
    );

    test(
      "people look at a protected process",
      async () => {
        const pid = await node.pidOf("ledger");
        for (const command of looksAt(pid)) await node.must(command);
        for (const command of ["pgrep -f ledger.py", "ss -p", "ss -tlnp", "lsof -p 1"]) {
          await node.must(command);
        }
      },
      5 * minutes,
    );

    test(
      "systemd reads and runs its units",
      async () => {
        for (const verb of ["status", "show", "is-active"]) await node.must(`systemctl ${verb} ledger`);
        await node.must("systemd-cgls -l --no-pager; systemd-cgtop -n 1 -b >/dev/null");
        await node.must("systemctl restart teller");
        expect(await node.ask("teller")).toBe("ok");
        await node.must("systemctl kill -s HUP cloudtaser; systemctl is-active cloudtaser");
      },
      10 * minutes,
    );

    test(
      "exporters and readers of control groups measure the node",
      async () => {
        expect(await node.must(fetchMetrics("http://127.0.0.1:9100"))).toMatch(/node_cpu_seconds_total/);
        const exporter =
          "prometheus-process-exporter -procnames python3,node -gather-smaps=false -web.listen-address=127.0.0.1:9256";
        await node.guest.writeFile(
          "/etc/systemd/system/processes.service",
          `[Service]\nExecStart=/usr/bin/${exporter}\n`,
        );
        await node.must("systemctl daemon-reload; systemctl start processes");
        expect(await node.must(fetchMetrics("http://127.0.0.1:9256"))).toMatch(/namedprocess_namegroup_memory_bytes/);
        await node.must("systemctl stop processes");
        await node.must(
          "cd /sys/fs/cgroup/system.slice/ledger.service; cat cgroup.procs cgroup.events cpu.stat memory.current memory.stat pids.current >/dev/null",
        );
      },
      10 * minutes,
    );

    test.each(["self", "children", "threads", "memory", "sendfile", "tls", "logs", "crash"])(
      "a protected python service: %s",
      async (work) => {
        expect(await node.ask("ledger", work)).toBe("ok");
      },
      5 * minutes,
    );

    test(
      "protected Node and Go services under load",
      async () => {
        const load = async (service: Service, path: string, times: number): Promise<void> => {
          const script = `import urllib.request
for i in range(${times}): urllib.request.urlopen("${services[service].url}/${path}", timeout=120).read()`;
          await node.must(`python3 -c '${script}'`, 600);
        };
        await Promise.all([load("teller", "", 10), load("exporter", "metrics", 10), load("ledger", "threads", 50)]);
      },
      15 * minutes,
    );

    test(
      "debuggers and tracers on unprotected processes",
      async () => {
        await node.must("systemd-run --unit=stranger sleep 100000");
        const pid = await node.pidOf("stranger");
        expect(await node.must(`gdb -p ${pid} -batch -ex 'info proc' 2>&1`)).toContain(`process ${pid}`);
        expect(await node.must(`timeout -s INT 5 strace -p ${pid} 2>&1 || true`)).toContain("attached");
        await node.must(`perf record -q -e cpu-clock -o /tmp/perf.data -p ${pid} -- sleep 1`, 300);
        await node.must("systemctl stop stranger");
        // perf asks for every BPF program of the node, and takes ours for gone.
        const kept = await node.refusals();
        expect(kept.filter((line) => !/^bpf_tamper .* perf .*"by_id"/.test(line))).toEqual([]);
      },
      15 * minutes,
    );

    test(
      "a network plugin goes into the namespace of another and comes back, its child does not",
      async () => {
        await node.must("systemd-run --unit=island -p PrivateNetwork=yes sleep 100000");
        const pid = await node.pidOf("island");
        const script = `import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
own, other = (os.open(f"/proc/{who}/ns/net", os.O_RDONLY) for who in ("self", ${pid}))
assert libc.setns(other, 0) == 0
child = os.fork()
if child == 0: os._exit(ctypes.get_errno() if libc.setns(own, 0) else 0)
refused = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
assert libc.setns(own, 0) == 0, ctypes.get_errno()
print(refused)`;
        await node.guest.writeFile("/run/plugin.py", script);
        expect(await node.must("python3 /run/plugin.py")).toBe("1\n");
        await node.must("systemctl stop island");
        expect(await node.refusals()).toMatchObject([expect.stringMatching(/^ns_enter .* python3 /)]);
      },
      5 * minutes,
    );

    test(
      "perf of the whole machine works, without what it would read of protected processes",
      async () => {
        await node.must("perf record -q -e cpu-clock -o /tmp/all.data -a -- sleep 1", 300);
        expect(await node.must("perf report -i /tmp/all.data --stdio 2>/dev/null | grep -c %")).toMatch(/^[1-9]/);
        const kept = await node.refusals();
        expect(kept.filter((line) => !/^(proc_layout|agent_access|bpf_tamper|kcore) .* perf /.test(line))).toEqual([]);
      },
      10 * minutes,
    );

    test(
      "bpftool lists what others have loaded",
      async () => {
        await node.must("bpftool prog list >/dev/null");
        const kept = await node.refusals();
        expect(kept.filter((line) => !/^bpf_tamper .* bpftool /.test(line))).toEqual([]);
      },
      5 * minutes,
    );

    test(
      "bpftrace, which the configuration allows",
      async () => {
        // A tracepoint would want the headers of the kernel on 5.10.
        const script = `kprobe:do_nanosleep { @[comm] = count(); } interval:s:1 { exit(); }`;
        const traced = await node.must(`BPFTRACE_MAX_PROBES=10 bpftrace -e '${script}' 2>&1`, 600);
        expect(traced).toMatch(/Attaching 2 probes/);
      },
      15 * minutes,
    );

    test(
      "a supervisor's signals arrive",
      async () => {
        for (const signal of ["CONT", "WINCH", "USR1"]) {
          await node.must(`systemd-run --unit=helper-${signal} --collect sleep 1000`);
          await node.must(
            `cloudtaser protect --unit helper-${signal}.service && systemctl kill -s ${signal} helper-${signal}`,
          );
          await node.must(`systemctl stop helper-${signal} 2>/dev/null || true`);
        }
        await node.must("systemctl stop teller && systemctl start teller");
        expect(await node.ask("teller")).toBe("ok");
      },
      10 * minutes,
    );

    test(
      "the OOM killer ends a protected process",
      async () => {
        await node.must(
          "systemd-run --unit=hog --collect -p MemoryMax=64M -p MemorySwapMax=0 sh -c 'sleep 20; exec python3 /opt/benign/ledger.py hog'",
        );
        await node.must("cloudtaser protect --unit hog.service");
        await node.must(
          "for i in $(seq 600); do journalctl -k -g 'oom-kill|Killed process' -n 1 -q | grep -q . && exit 0; dmesg | grep -q 'Killed process' && exit 0; sleep 0.5; done; exit 1",
          400,
        );
      },
      10 * minutes,
    );

    containerTests(() => node);
    stressTests(() => node);

    test(
      "the kernel had nothing to complain about",
      async () => {
        const { stdout } = await node.guest.run("dmesg | grep -E 'WARNING:|BUG:|Oops|INFO: task|RIP: 0010' || true");
        expect(stdout).toBe("");
      },
      minutes,
    );
  });
}

const fetchMetrics = (url: string): string =>
  `python3 -c 'import time, urllib.request
for _ in range(100):
    try: print(urllib.request.urlopen("${url}/metrics", timeout=60).read().decode()); break
    except OSError: time.sleep(0.2)'`;

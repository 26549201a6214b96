// SPDX-License-Identifier: Apache-2.0
// What a runtime tells its hook: understood where it makes sense, bounded where it does not, and never taken for "nobody
// asks" because of its size.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readState } from "../../src/cli/hook-state.js";

/** In pieces of this size, as a pipe gives them. */
function reader(text: string | Buffer, piece = 4096) {
  const bytes = Buffer.from(text);
  let at = 0;
  return async (buffer: Buffer): Promise<number> => {
    const length = bytes.copy(buffer, 0, at, Math.min(at + piece, at + buffer.length));
    at += length;
    return length;
  };
}
const state = (over: object = {}) =>
  JSON.stringify({ ociVersion: "1.0.2", id: "c1", pid: 7, status: "creating", bundle: "/b", ...over });
const read = (over: object) => readState(reader(state(over)));

const containerd = {
  "io.kubernetes.cri.container-type": "container",
  "io.kubernetes.cri.container-name": "app",
  "io.kubernetes.cri.sandbox-name": "api-0",
  "io.kubernetes.cri.sandbox-namespace": "payments",
};
const crio = {
  "io.kubernetes.container.name": "app",
  "io.kubernetes.pod.name": "api-0",
  "io.kubernetes.pod.namespace": "payments",
};

describe("the state", () => {
  it.each([
    ["containerd", containerd],
    ["CRI-O", crio],
  ])("of %s names pod and container", async (_, annotations) => {
    expect(await read({ annotations })).toEqual({
      id: "c1",
      pid: 7,
      status: "creating",
      wanted: false,
      ofKubernetes: true,
      namespace: "payments",
      label: "payments.api-0.app",
    });
  });

  it.each([
    [{ "cloudtaser.io/ebpf": "true" }, true],
    [{ "cloudtaser.io/ebpf": "yes, please" }, true],
    [{ "cloudtaser.io/ebpf": 1 }, true],
    [{ "cloudtaser.io/ebpf": "false" }, false],
    [{ "cloudtaser.io/mode": "enforce" }, false],
    [{}, false],
    [null, false],
    [["cloudtaser.io/ebpf"], false],
  ])("with annotations %j asks for protection: %s", async (annotations, wanted) => {
    expect(await read({ annotations })).toMatchObject({ wanted, ofKubernetes: false, label: "" });
  });

  it("without a process, as inside of crun's containers, has none", async () => {
    expect(await read({ pid: 0 })).toMatchObject({ pid: undefined });
  });

  it.each(["../../etc", "a b", "", "x".repeat(257), "\u001b[2J", 5])("with the id %j is none", async (id) => {
    expect(await read({ id, annotations: { "cloudtaser.io/ebpf": "true" } })).toMatchObject({ wanted: true });
    expect(await read({ id })).toMatchObject({ wanted: false, error: { code: "CONTAINER_STATE" } });
  });

  it.each([-1, 1.5, "7", 4_194_305, null])("with the pid %j is none", async (pid) => {
    expect(await read({ pid })).toMatchObject({ error: { code: "CONTAINER_STATE" } });
  });

  it("takes no name that Kubernetes would not", async () => {
    const annotations = {
      ...containerd,
      "io.kubernetes.cri.sandbox-namespace": "\n../x",
      "io.kubernetes.pod.name": {},
    };
    expect(await read({ annotations })).toMatchObject({ namespace: "", label: "api-0.app" });
    const polluted = `{"id":"c1","annotations":{"__proto__":{"cloudtaser.io/ebpf":"true"},"constructor":"x"}}`;
    expect(await readState(reader(polluted))).toMatchObject({ wanted: false });
  });
});

describe("what is no state", () => {
  it.each(["", "{", "null", "[]", "7", "\u0000", '{"id":"c1"}}', "[".repeat(100_000)])(
    "is told so without being quoted: %#",
    async (text) => {
      const unusable = await readState(reader(text));
      expect(unusable).toMatchObject({ wanted: false, error: { code: "CONTAINER_STATE" } });
      expect("error" in unusable && unusable.error.message.length).toBeLessThan(200);
    },
  );

  it("counts as asking if the annotation stands anywhere in it, also across pieces", async () => {
    const half = '{"annotations":{"cloudtaser.io/ebpf":"tr';
    for (const piece of [1, 7, 24, 4096]) expect(await readState(reader(half, piece))).toMatchObject({ wanted: true });
    for (const piece of [1, 16, 4096])
      expect(await readState(reader('{"cloudtaser.io\\/ebpf"', piece))).toMatchObject({ wanted: true });
  });

  it("is one of ten megabytes, of which little is kept", async () => {
    const filler = { filler: "x".repeat(10 * 1024 * 1024) };
    const before = process.memoryUsage().arrayBuffers;
    const unusable = await readState(reader(state({ annotations: filler }), 65_536));
    expect(unusable).toMatchObject({ wanted: false, error: { code: "CONTAINER_STATE" } });
    expect("error" in unusable && unusable.error.message).toContain("longer than 4194304 bytes");
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
    const asking = state({ annotations: { ...filler, "cloudtaser.io/ebpf": "true" } });
    expect(await readState(reader(asking, 65_536))).toMatchObject({ wanted: true });
  });

  it("ends, though it never does", async () => {
    let given = 0;
    const endless = async (buffer: Buffer): Promise<number> => {
      given += buffer.fill(0x20).length;
      return buffer.length;
    };
    expect(await readState(endless)).toMatchObject({ wanted: false });
    expect(given).toBeLessThan(65 * 1024 * 1024);
  });

  it("is one that cannot be read", async () => {
    const broken = () => Promise.reject(new Error("EIO"));
    expect(await readState(broken)).toMatchObject({
      wanted: false,
      error: { message: expect.stringContaining("EIO") },
    });
  });

  it("whatever it is, throws nothing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), fc.integer({ min: 1, max: 64 }), async (text, piece) => {
        const result = await readState(reader(text, piece));
        expect(typeof result.wanted).toBe("boolean");
      }),
      { numRuns: 300 },
    );
  });
});

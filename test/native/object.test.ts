// SPDX-License-Identifier: Apache-2.0
// Objects that are opened and shaped, never loaded: errors, listings, forms, initial values.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { BpfObject } from "../../src/kernel/native.js";
import { compile, failure, native, openFile } from "./support.js";

let shape = "";
beforeAll(() => {
  shape = compile("shape");
});

function withShape<T>(use: (object: BpfObject) => T): T {
  const object = openFile(shape);
  try {
    return use(object);
  } finally {
    object.close();
  }
}

describe("files that are no object", () => {
  it("garbage", () => {
    const path = "/some/garbage.o";
    const error = failure(() => native.openObject(path, Buffer.from("certainly no ELF file\n".repeat(50))));
    expect(error).toMatchObject({ code: "LIBBPF_FORMAT", target: path });
    expect(error).toBeInstanceOf(Error);
    expect(error.message).toContain(`LIBBPF_FORMAT: open object ${path}: `);
    expect(error.log).toContain("'garbage' is not a proper ELF object");
  });

  it("empty", () => {
    const path = "/some/empty.o";
    const error = failure(() => native.openObject(path, Buffer.alloc(0)));
    expect(error).toMatchObject({ code: /^(LIBBPF_\w+|EINVAL)$/, target: path });
  });

  it.each([0.02, 0.1, 0.5, 0.9, 0.99])("cut to %f of its length", (part) => {
    const path = `/some/cut-${part}.o`;
    const whole = readFileSync(shape);
    const error = failure(() => native.openObject(path, whole.subarray(0, Math.floor(whole.length * part))));
    expect(error.code).toMatch(/^(LIBBPF_(FORMAT|LIBELF|INTERNAL)|EINVAL|ENOENT|EIO)$/);
    expect(error.target).toBe(path);
    expect(error.log).not.toBe("");
  });

  it("whose table of names is its own head, which a name that is hidden there would change", () => {
    const bytes = Buffer.from(readFileSync(shape));
    const sections = Number(bytes.readBigUInt64LE(0x28));
    const [count, names] = [bytes.readUInt16LE(60), bytes.readUInt16LE(62)];
    // The length of an ELF head, whose last byte is zero; at 60 it says how many sections there are.
    bytes.writeBigUInt64LE(0n, sections + 64 * names + 24);
    bytes.writeBigUInt64LE(64n, sections + 64 * names + 32);
    for (let at = sections; at < sections + 64 * count; at += 64) bytes.writeUInt32LE(60, at);
    const error = failure(() => native.openObject("/some/overlap.o", bytes, true));
    expect(error).toMatchObject({ code: "LIBBPF_FORMAT", target: "/some/overlap.o" });
  });

  it("is whole in itself: what it was opened from may change, or lie at any address", () => {
    const whole = readFileSync(shape);
    const bytes = Buffer.alloc(whole.length + 1);
    whole.copy(bytes, 1);
    const object = native.openObject("shape.o", bytes.subarray(1));
    bytes.fill(0xff);
    expect(object.programs()).toEqual([{ name: "shape_file_open", section: "lsm/file_open" }]);
    expect(object.initialValue(".rodata")).toEqual(Buffer.from([7, 0, 0, 0, 4, 3, 2, 1]));
    object.setForm("shape_file_open", "fmod_ret", "file_open");
    object.close();
  });
});

describe("an opened object", () => {
  it("lists programs and maps", () => {
    withShape((object) => {
      expect(object.programs()).toEqual([{ name: "shape_file_open", section: "lsm/file_open" }]);
      expect(object.maps()).toEqual([
        { name: "events", type: 27, keySize: 0, valueSize: 0, maxEntries: 65536 },
        { name: "counts", type: 2, keySize: 4, valueSize: 8, maxEntries: 4 },
        { name: "shape.rodata", type: 2, keySize: 4, valueSize: 8, maxEntries: 1 },
      ]);
    });
  });

  it("names what it has not", () => {
    withShape((object) => {
      expect(failure(() => object.setAutoload("nobody", false))).toMatchObject({ code: "ENOENT", target: "nobody" });
      expect(failure(() => object.setMaxEntries("nowhere", 1))).toMatchObject({ code: "ENOENT", target: "nowhere" });
      expect(failure(() => object.map("nowhere"))).toMatchObject({ code: "ENOENT", target: "nowhere" });
    });
  });

  it("gives no map, info or link before load", () => {
    withShape((object) => {
      expect(failure(() => object.map("counts"))).toMatchObject({ code: "EINVAL", target: "counts" });
      expect(failure(() => object.programInfo("shape_file_open")).code).toBe("EINVAL");
      const error = failure(() => object.attach("shape_file_open"));
      expect(error).toMatchObject({ code: "EINVAL", target: "shape_file_open" });
      expect(error.log).toContain("before loaded");
    });
  });

  it("changes sizes", () => {
    withShape((object) => {
      object.setMaxEntries("counts", 9);
      expect(object.maps().find((map) => map.name === "counts")?.maxEntries).toBe(9);
    });
  });

  it("reads and replaces initial values, by either name", () => {
    withShape((object) => {
      expect(object.initialValue(".rodata")).toEqual(Buffer.from([7, 0, 0, 0, 4, 3, 2, 1]));
      object.setInitialValue("shape.rodata", Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]));
      expect(object.initialValue(".rodata")).toEqual(Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]));
      const short = failure(() => object.setInitialValue(".rodata", Buffer.alloc(4)));
      expect(short.code).toBe("BAD_ARGUMENT");
      expect(short.message).toContain("must be 8 bytes long, is 4");
      expect(failure(() => object.initialValue("events")).code).toBe("EINVAL");
    });
  });

  it("takes each form, and again", () => {
    withShape((object) => {
      for (const form of ["fmod_ret", "fentry", "lsm", "fmod_ret", "lsm"] as const) {
        object.setForm("shape_file_open", form, "file_open");
      }
    });
  });

  it("refuses a hook that the kernel lacks, then takes another", () => {
    withShape((object) => {
      for (const [form, symbol] of [
        ["lsm", "bpf_lsm_no_such_hook"],
        ["fmod_ret", "security_no_such_hook"],
      ] as const) {
        const error = failure(() => object.setForm("shape_file_open", form, "no_such_hook"));
        expect(error).toMatchObject({ code: "ENOENT", target: "shape_file_open" });
        expect(error.log).toContain(form === "lsm" ? "no_such_hook (lsm)" : symbol);
      }
      object.setForm("shape_file_open", "fmod_ret", "file_open");
    });
  });
});

describe("the objects of this build", () => {
  const directory = join(import.meta.dirname, "../../build/bpf");
  const opened = (name: string) => {
    const object = openFile(join(directory, name));
    try {
      // Constants of the compiler are each object's own.
      const maps = object.maps().filter(({ name }) => !name.startsWith("."));
      return { programs: object.programs(), maps: maps.sort((a, b) => a.name.localeCompare(b.name)) };
    } finally {
      object.close();
    }
  };

  it("that of typed loads has the programs and maps of the other, so that either can follow the other", () => {
    const [plain, typed] = [opened("cloudtaser.bpf.o"), opened("cloudtaser-typed.bpf.o")];
    expect(typed.maps).toEqual(plain.maps);
    // Their sections are such that libbpf leaves the programs as they are: native/typed.cc.
    const sections = ({ programs }: typeof plain, before: string) =>
      programs.map(({ name, section }) => `${name} ${before}${section}`).sort();
    expect(sections(typed, "")).toEqual(sections(plain, "typed/"));
  });
});

describe("bad arguments", () => {
  // Callers without types reach these.
  const untyped = native as unknown as Record<string, (...args: unknown[]) => unknown>;

  it.each([
    ["openObject", []],
    ["openObject", [7]],
    ["openObject", ["with\0nul", Buffer.alloc(1)]],
    ["openObject", ["bytes are missing"]],
    ["openObject", ["no bytes", "text"]],
    ["openMap", [null]],
    ["openLink", [undefined]],
    ["openPidfd", [1.5]],
    ["openPidfd", [0]],
    ["openPidfd", [-1]],
    ["openPidfd", [2 ** 40]],
    ["openPidfd", [Number.NaN]],
    ["peerCredentials", ["3"]],
    ["kernelHasFunction", [{}]],
    ["linksAt", [3]],
    ["kernelEnumerator", [1]],
    ["loadedProgram", [0]],
    ["openByHandle", ["/", -1, new Uint8Array(8)]],
    ["openByHandle", ["/", 1, new Uint8Array(129)]],
    ["openByHandle", ["/", 1, new Uint8Array(0)]],
    ["exec", ["/bin/true", [], []]],
    ["exec", ["/bin/true", ["true", 3], []]],
    ["exec", ["/bin/true", "true", []]],
    ["openRing", [{}, { recordSize: 8, maxRecords: 1 }, () => undefined]],
    ["openRing", [null]],
  ])("%s(%j)", (name, args) => {
    const error = failure(() => untyped[name]?.(...args));
    expect(error).toMatchObject({ code: "BAD_ARGUMENT", errno: 0, log: "" });
    expect(error.target).toContain(name);
  });

  it("an unknown form", () => {
    withShape((object) => {
      const error = failure(() => object.setForm("shape_file_open", "kprobe" as "lsm", "file_open"));
      expect(error.code).toBe("BAD_ARGUMENT");
      expect(error.message).toContain("kprobe");
    });
  });

  it("an exception in an argument's getter comes through as it is", () => {
    const mine = new Error("mine");
    const words = ["true"];
    Object.defineProperty(words, 0, {
      get() {
        throw mine;
      },
    });
    expect(failure(() => native.exec("/bin/true", words, []))).toBe(mine);
  });

  it("constructors are not for callers", () => {
    withShape((object) => {
      const Constructor = object.constructor as new () => unknown;
      expect(failure(() => new Constructor()).code).toBe("BAD_ARGUMENT");
    });
  });
});

describe("the kernel's BTF", () => {
  it("knows hooks, and not what is no function; asked again after release", () => {
    expect(native.kernelHasFunction("security_file_open")).toBe(true);
    expect(native.kernelHasFunction("security_no_such_hook")).toBe(false);
    expect(native.kernelHasFunction("task_struct")).toBe(false);
    expect(native.kernelEnumerator("BPF_PROG_TYPE_KPROBE")).toBe(2);
    expect(native.kernelEnumerator("TRACE_EVENT_FL_UPROBE")).toBeGreaterThan(0);
    expect(native.kernelEnumerator("NO_SUCH_ENUMERATOR")).toBeUndefined();
    expect(() => native.linksAt("security_no_such_hook")).toThrow(expect.objectContaining({ code: "ENOENT" }));
    native.releaseBtf();
    native.releaseBtf();
    expect(native.kernelHasFunction("security_file_open")).toBe(true);
    native.releaseBtf();
  });
});

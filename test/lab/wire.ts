// SPDX-License-Identifier: Apache-2.0
// The frames between the host and the guest's agent, as guest-agent.c has them: u32 length of the rest, u8 type, u32 id,
// payload; little endian. The id names the command.

export const frameType = {
  exec: 1,
  input: 2,
  inputEnd: 3,
  kill: 4,
  hello: 128,
  out: 129,
  err: 130,
  exit: 131,
} as const;

export interface Frame {
  type: number;
  id: number;
  payload: Buffer;
}

export function encodeFrame(type: number, id: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUInt32LE(payload.length + 5, 0);
  head.writeUInt8(type, 4);
  head.writeUInt32LE(id, 5);
  return Buffer.concat([head, payload]);
}

/** Payload of an exec frame. Strings end in a zero byte, so none may hold one. */
export function encodeExec(cwd: string, argv: readonly string[], env: Readonly<Record<string, string>>): Buffer {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const counts = Buffer.alloc(8);
  counts.writeUInt32LE(argv.length, 0);
  counts.writeUInt32LE(variables.length, 4);
  const strings = [cwd, ...argv, ...variables];
  if (strings.some((text) => text.includes("\0"))) throw new RangeError("a command for the guest holds a zero byte");
  return Buffer.concat([counts, Buffer.from(strings.map((text) => `${text}\0`).join(""))]);
}

export function encodeUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}

/** Cuts a byte stream into frames; feed it whatever arrives. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  push(data: Buffer): Frame[] {
    this.#pending = this.#pending.length === 0 ? data : Buffer.concat([this.#pending, data]);
    const frames: Frame[] = [];
    while (this.#pending.length >= 9) {
      const length = this.#pending.readUInt32LE(0);
      if (this.#pending.length < length + 4) break;
      frames.push({
        type: this.#pending.readUInt8(4),
        id: this.#pending.readUInt32LE(5),
        payload: this.#pending.subarray(9, length + 4),
      });
      this.#pending = this.#pending.subarray(length + 4);
    }
    return frames;
  }
}

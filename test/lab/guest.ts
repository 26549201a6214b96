// SPDX-License-Identifier: Apache-2.0
// A booted guest. Commands run in it side by side; what they prove is decided outside. A guest that panics, oopses,
// hangs or ends makes every command in flight, and every later one, fail with the guest's last console lines.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { resolve as absolute, basename, dirname, join, posix } from "node:path";
import { archFacts } from "./arch.js";
import { type CommandResult, GuestCommand, type OutputListener } from "./command.js";
import { ConsoleWatch, type Trouble } from "./console.js";
import { LabError, type LabErrorCode } from "./error.js";
import { archive } from "./host.js";
import { type GuestOptions, prepareMachine } from "./prepare.js";
import { type Machine, qemuArguments } from "./qemu.js";
import { tool } from "./requirements.js";
import { encodeExec, encodeFrame, FrameReader, frameType } from "./wire.js";

export interface RunOptions {
  /** After this long the command is killed and LAB_COMMAND_TIMEOUT is thrown; 120 if not given. */
  timeoutSeconds?: number;
  /** Its standard input; empty if not given. */
  input?: string | Uint8Array;
  /** Added to PATH, HOME, LANG and TERM, or over them. */
  env?: Readonly<Record<string, string>>;
  /** "/root" if not given. */
  cwd?: string;
  onOutput?: OutputListener;
}

/** A boot takes seconds; a machine that is full of other guests makes minutes of them. */
const bootPatienceSeconds = 300;

export type SpawnOptions = Omit<RunOptions, "timeoutSeconds" | "input">;

const environment = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: "/root",
  LANG: "C.UTF-8",
  TERM: "dumb",
};

export class Guest {
  /** What uname -r says in it. */
  readonly release: string;
  /** Milliseconds from the start of QEMU to the agent's first word. */
  bootMilliseconds = 0;
  /** Settles when QEMU has ended, for whatever reason. */
  readonly ended: Promise<void>;
  readonly #name: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #watch: ConsoleWatch;
  readonly #commands = new Map<number, GuestCommand>();
  #socket: Socket | undefined;
  #nextId = 1;
  #trouble: Trouble | undefined;
  #dead: LabError | undefined;
  #onDead: (error: LabError) => void = () => undefined;

  private constructor(machine: Machine, options: GuestOptions) {
    this.#name = options.kernel;
    this.release = machine.kernel.release;
    this.#watch = new ConsoleWatch((trouble) => this.#troubled(trouble));
    // setpriv, because QEMU must not outlive us, however we end.
    const argv = ["--pdeathsig", "KILL", "--", tool(archFacts[machine.arch].qemu), ...qemuArguments(machine)];
    this.#process = spawn(tool("setpriv"), argv);
    let stderr = "";
    this.#process.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-4096);
    });
    this.#process.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#watch.push(text);
      options.onConsole?.(text);
    });
    this.#process.stdin.on("error", () => undefined);
    this.#process.on("error", (error) => this.#die("LAB_GUEST_GONE", `QEMU could not be started (${error.message})`));
    this.ended = new Promise((resolve) => {
      this.#process.on("close", (status, signal) => {
        const why = `QEMU ended (${signal ?? `status ${status}`}) ${stderr.trim()}`.trim();
        this.#die(this.#trouble?.code ?? "LAB_GUEST_GONE", this.#trouble?.line ?? why);
        resolve();
      });
    });
  }

  /** Boots and waits until the guest takes commands. Everything that is missing is fetched and built first. */
  static async boot(options: GuestOptions): Promise<Guest> {
    const folder = await mkdtemp(join(tmpdir(), "cloudtaser-lab-"));
    const server = createServer();
    const abandon = (): void => rmSync(folder, { recursive: true, force: true });
    process.once("exit", abandon);
    try {
      const machine = await prepareMachine(options, folder, join(folder, "agent"));
      await new Promise<void>((resolve) => server.listen(machine.agentSocket, resolve));
      const guest = new Guest(machine, options);
      try {
        await guest.#agentUp(server, options.timeoutSeconds ?? bootPatienceSeconds);
        if (options.systemd) await guest.#systemdUp(options.timeoutSeconds ?? bootPatienceSeconds);
        for (const { from, to } of options.copy ?? []) await guest.copy(from, to);
      } catch (error) {
        await guest.close();
        throw error;
      }
      return guest;
    } finally {
      // QEMU holds the product's image open, so nothing of a running guest is left behind by a parent that is killed.
      server.close();
      process.off("exit", abandon);
      await rm(folder, { recursive: true, force: true });
    }
  }

  /** Runs a command as root to its end. A string goes to sh -c, a list straight to execvp. A status above 0 is a result, not an error. */
  async run(command: string | readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const running = this.spawn(command, options);
    if (options.input !== undefined) running.write(options.input);
    running.endInput();
    const seconds = options.timeoutSeconds ?? 120;
    let expired = false;
    const timer = setTimeout(() => {
      expired = true;
      running.kill("SIGKILL");
      // A guest that cannot even end a killed command is not slow but stuck.
      hang = setTimeout(
        () => this.#die("LAB_GUEST_HUNG", `no answer for 20 s after "${show(command)}" was killed`),
        20_000,
      );
    }, seconds * 1000);
    let hang: NodeJS.Timeout | undefined;
    try {
      const result = await running.done;
      if (!expired) return result;
    } finally {
      clearTimeout(timer);
      clearTimeout(hang);
    }
    throw new LabError({
      code: "LAB_COMMAND_TIMEOUT",
      about: `${this.#about}, ${show(command)}`,
      cause: `it had not ended after ${seconds} s and was killed`,
      fix: "Give it more time (timeoutSeconds), or find out what it waits for.",
      output: running.stdout + running.stderr,
      console: this.consoleTail(),
    });
  }

  /** Starts a command and returns at once; its input stays open until endInput(). */
  spawn(command: string | readonly string[], options: SpawnOptions = {}): GuestCommand {
    if (this.#dead) throw this.#dead;
    const argv = typeof command === "string" ? ["/bin/sh", "-c", command] : command;
    const id = this.#nextId++;
    const running = new GuestCommand(id, (frame) => this.#socket?.write(frame));
    if (options.onOutput) running.onOutput(options.onOutput);
    this.#commands.set(id, running);
    const payload = encodeExec(options.cwd ?? "/root", argv, { ...environment, ...options.env });
    this.#socket?.write(encodeFrame(frameType.exec, id, payload));
    return running;
  }

  async writeFile(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
    const script = 'mkdir -p -- "$1" && cat > "$2" && chmod "$3" -- "$2"';
    await this.#must(["sh", "-c", script, "sh", posix.dirname(path), path, mode.toString(8)], { input: data });
  }

  /** The file as text; binary files are better read with run("base64 …"). */
  async readFile(path: string): Promise<string> {
    return (await this.#must(["cat", "--", path])).stdout;
  }

  /** Copies a host file or folder to exactly this path in the guest, modes and links kept. */
  async copy(from: string, to: string): Promise<void> {
    const source = absolute(from);
    const input = await archive(dirname(source), basename(source));
    const script =
      'mkdir -p -- "$2" && t=$(mktemp -d) && tar -xpf - --no-same-owner -C "$t" && cp -aT -- "$t/$1" "$3" && rm -rf "$t"';
    await this.#must(["sh", "-c", script, "sh", basename(source), posix.dirname(to), to], { input });
  }

  /** The last lines of the guest's console. */
  consoleTail(lines = 25): string[] {
    return this.#watch.tail(lines);
  }

  /** Types on the guest's serial console. */
  typeOnConsole(data: string | Uint8Array): void {
    this.#process.stdin.write(data);
  }

  /** Ends QEMU at once. Nothing is lost: a guest writes only to memory and a throw-away overlay. */
  async close(): Promise<void> {
    this.#die("LAB_GUEST_GONE", "it was closed");
    this.#process.kill("SIGKILL");
    await this.ended;
  }

  /** Stops the whole machine, and lets it go on. Its clock has gone on: to it this is one long instant. */
  async suspend(seconds: number): Promise<void> {
    this.#process.kill("SIGSTOP");
    try {
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    } finally {
      this.#process.kill("SIGCONT");
    }
  }

  get #about(): string {
    return `guest ${this.#name} (${this.release})`;
  }

  async #must(command: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const result = await this.run(command, options);
    if (result.status === 0) return result;
    throw new LabError({
      code: "LAB_COMMAND_FAILED",
      about: `${this.#about}, ${show(command)}`,
      cause: `it ended with status ${result.status}`,
      fix: "Its own words are below.",
      output: result.stderr,
    });
  }

  async #agentUp(server: ReturnType<typeof createServer>, seconds: number): Promise<void> {
    const started = performance.now();
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => this.#die("LAB_GUEST_BOOT", `it did not come up within ${seconds} s`),
        seconds * 1000,
      );
      this.#onDead = (error) => {
        clearTimeout(timer);
        reject(error);
      };
      if (this.#dead) this.#onDead(this.#dead);
      server.once("connection", (socket) => {
        const reader = new FrameReader();
        this.#socket = socket;
        socket.on("error", () => socket.destroy());
        socket.on("data", (data: Buffer) => {
          for (const { type, id, payload } of reader.push(data)) {
            if (type === frameType.hello) {
              clearTimeout(timer);
              resolve();
            } else {
              this.#commands.get(id)?.accept(type, payload);
              if (type === frameType.exit) this.#commands.delete(id);
            }
          }
        });
      });
    });
    this.bootMilliseconds = Math.round(performance.now() - started);
  }

  async #systemdUp(seconds: number): Promise<void> {
    // Until the bus answers there is nothing to wait on; "degraded" is up, too.
    const script =
      "until systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'; do sleep 0.2; done";
    await this.run(script, { timeoutSeconds: seconds });
  }

  #troubled(trouble: Trouble): void {
    this.#trouble ??= trouble;
    // The lines that explain it come after the line that announces it.
    setTimeout(() => this.#die(trouble.code, trouble.line), 1500).unref();
  }

  #die(code: LabErrorCode, cause: string): void {
    if (this.#dead) return;
    const fix = "The guest is lost; boot another one. The console lines say what it did last.";
    this.#dead = new LabError({ code, about: this.#about, cause, fix, console: this.consoleTail() });
    this.#onDead(this.#dead);
    for (const command of this.#commands.values()) command.fail(this.#dead);
    this.#commands.clear();
    this.#process.kill("SIGKILL");
  }
}

function show(command: string | readonly string[]): string {
  const text = typeof command === "string" ? command : command.join(" ");
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

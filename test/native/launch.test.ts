// SPDX-License-Identifier: Apache-2.0
// The image's first program, built for directories of this test: what it starts, and from which file.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

let directory: string;
let launch: string;
const at = (path: string): string => join(directory, path);

/** Says which file it is and what it was given. */
const node = (name: string): string => `#!/bin/sh\necho ${name} "$0" "$@" image=$CLOUDTASER_IMAGE_EXECUTABLE\n`;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "ct-launch-"));
  launch = at("launch");
  mkdirSync(at("root"));
  mkdirSync(at("state"));
  writeFileSync(at("root/node"), node("image"), { mode: 0o755 });
  const where = [`-DLAUNCH_ROOT="${at("root")}"`, `-DLAUNCH_STATE="${at("state")}"`];
  execFileSync("cc", ["-Wall", "-Wextra", "-Werror", ...where, "-o", launch, "native/launch/launch.c"]);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function run(...args: string[]) {
  const { stdout, stderr, status } = spawnSync(launch, args, { encoding: "utf8" });
  return { stdout: stdout.trim(), stderr, status };
}
const kept = () => at("state/executable/node");

it("starts the agent from a copy that stays the same file, also when the image has another", () => {
  const command = `--max-semi-space-size=4 ${at("root/dist/bin/cloudtaser.cjs")}`;
  const first = run("agent", "--mode", "enforce");
  expect(first.stdout).toBe(`image ${kept()} ${command} agent --mode enforce image=${at("root/node")}`);
  const { ino } = statSync(kept());
  writeFileSync(at("root/node"), node("newer"));
  expect(run("agent").stdout).toBe(`image ${kept()} ${command} agent image=${at("root/node")}`);
  expect(statSync(kept())).toMatchObject({ ino, mode: 0o100755 });
  expect(readdirSync(at("state/executable"))).toEqual(["node"]);
});

it("starts other commands from the image, and keeps nothing for them", () => {
  expect(run("status", "--json").stdout).toBe(
    `image ${at("root/node")} --max-semi-space-size=4 ${at("root/dist/bin/cloudtaser.cjs")} status --json image=`,
  );
  expect(existsSync(kept())).toBe(false);
});

it("starts the agent from the image where nothing can be kept, and says what that means", () => {
  rmSync(at("state"), { recursive: true });
  const { stdout, stderr } = run("agent");
  expect(stdout).toMatch(new RegExp(`^image ${at("root/node")} `));
  expect(stderr).toMatch(/a restarted agent will not be known by its guards: cannot keep .*: No such file/);
});

it("follows no link that lies where it writes", () => {
  mkdirSync(at("state/executable"));
  copyFileSync(at("root/node"), at("victim"));
  execFileSync("ln", ["-s", at("victim"), at("state/executable/node.new")]);
  writeFileSync(at("root/node"), node("other"));
  const { stderr } = run("agent");
  expect(stderr).toMatch(/cannot keep/);
  expect(statSync(at("victim")).size).toBe(node("image").length);
});

it("says what is missing", () => {
  rmSync(at("root/node"));
  expect(run("status")).toMatchObject({ status: 126, stderr: expect.stringMatching(/cannot start .*No such file/) });
  writeFileSync(at("root/node"), node("image"));
  chmodSync(at("root/node"), 0o644);
  expect(run("status").status).toBe(126);
});

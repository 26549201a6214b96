// SPDX-License-Identifier: Apache-2.0
// Paths of the node as this process reaches them. An agent in a container has another tree of files than the node, and
// what a configuration names (executables that are allowed) lies on the node.

import { readlinkSync, statSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

const firstProcess = "/proc/1";
const mostLinks = 40;

/** "" where the tree is the node's own, or where process 1 cannot be looked at. */
export function nodeRoot(first = firstProcess, self = "/proc/self"): string {
  try {
    if (readlinkSync(`${first}/ns/mnt`) === readlinkSync(`${self}/ns/mnt`)) return "";
    statSync(`${first}/root/`);
    return `${first}/root`;
  } catch {
    return "";
  }
}

/** Links are followed inside the root: the kernel would look for an absolute one in our own tree. */
export function onNode(path: string, root = nodeRoot()): string {
  if (root === "") return path;
  let inside = "/";
  let rest = normalize(path).split("/").filter(Boolean);
  for (let links = 0; rest.length > 0; ) {
    const [part = "", ...more] = rest;
    const next = part === ".." ? dirname(inside) : join(inside, part);
    const target = part === ".." || links > mostLinks ? undefined : linkAt(join(root, next));
    rest = target === undefined ? more : [...target.split("/").filter((one) => one !== "" && one !== "."), ...more];
    if (target === undefined) inside = next;
    else if (target.startsWith("/")) inside = "/";
    if (target !== undefined) links++;
  }
  return join(root, inside);
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // no link, or nothing there: whoever opens it says so
  }
}

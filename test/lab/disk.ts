// SPDX-License-Identifier: Apache-2.0
// Turns a folder into an ext4 image without mounting anything and without being root.

import { runTool } from "./host.js";
import { tool } from "./requirements.js";

/** Writes an image of `folder` to `file`, with `spareMegabytes` of room; `label` is at most 16 characters. */
export async function makeImage(folder: string, file: string, label: string, spareMegabytes = 8): Promise<void> {
  await runTool(imageCommand(folder, file, label, (await usage(folder)) + spareMegabytes));
}

/** The mke2fs call. Features are named, because newer defaults (orphan_file) are unknown to a 5.10 kernel. */
export function imageCommand(folder: string, file: string, label: string, megabytes: number): [string, ...string[]] {
  const features =
    "none,ext_attr,dir_index,filetype,extent,flex_bg,sparse_super,large_file,huge_file,dir_nlink,extra_isize";
  const size = `${Math.max(megabytes, 8)}M`;
  return [
    tool("mke2fs"),
    "-q",
    "-F",
    "-t",
    "ext4",
    "-O",
    features,
    "-b",
    "4096",
    "-m",
    "0",
    "-L",
    label,
    "-d",
    folder,
    file,
    size,
  ];
}

async function usage(folder: string): Promise<number> {
  // Counted in whole blocks, with a tenth more for the tables of the file system itself.
  const blocks = Number((await runTool(["du", "-sm", folder])).split("\t")[0]);
  const entries = (await runTool(["find", folder, "-printf", "."])).length;
  return Math.ceil(blocks * 1.1 + (entries * 512) / 1e6);
}

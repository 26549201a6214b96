// SPDX-License-Identifier: Apache-2.0
// Files of events that would get into each other's way.

import { normalize } from "node:path";

interface EventFile {
  path: string;
  rotate?: object | undefined;
}

/** Each would write into the other's lines, or rotate away what the other writes. Links to directories are not looked at. */
export function filesClash(files: readonly EventFile[]): boolean {
  const all = files.map(({ path, rotate }) => ({ path: normalize(path), rotates: rotate !== undefined }));
  return all.some((one, index) =>
    all.some(({ path }, other) => {
      if (other === index) return false;
      if (path === one.path) return true;
      const suffix = path.startsWith(`${one.path}.`) ? path.slice(one.path.length + 1) : "";
      return one.rotates && /^([1-9]\d{0,5}|new)$/.test(suffix);
    }),
  );
}

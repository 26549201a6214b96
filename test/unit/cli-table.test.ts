// SPDX-License-Identifier: Apache-2.0
// Tables line up whatever the cells hold, and no cell can drive the terminal.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut, renderTable, widthOf } from "../../src/cli/table.js";

describe("renderTable", () => {
  it("lines columns up, numbers to the right, nothing trailing", () => {
    const columns = [{ title: "PID", align: "right" }, { title: "NAME" }, { title: "X" }] as const;
    expect(
      renderTable(columns, [
        ["7", "sh", ""],
        ["1234", "postgres"],
      ]),
    ).toEqual([" PID  NAME      X", "   7  sh", "1234  postgres"]);
  });

  it("counts wide and combining characters as terminals do", () => {
    expect(widthOf("日本")).toBe(4);
    expect(widthOf("e\u0301")).toBe(1);
    const [, row] = renderTable([{ title: "A" }, { title: "B" }], [["日本", "x"]]);
    expect(row).toBe("日本  x");
  });

  it("cuts at the limit, also in the middle of a wide character", () => {
    expect(cut("abcdef", 4)).toBe("abc…");
    expect(cut("abcd", 4)).toBe("abcd");
    expect(widthOf(cut("日本語", 4))).toBeLessThanOrEqual(4);
  });

  it("paints only when told to, outside of the padding", () => {
    const rows = [[{ text: "no", style: "red" as const }, "x"]];
    expect(renderTable([{ title: "LONG" }, { title: "Y" }], rows)[1]).toBe("no    x");
    const painted = renderTable([{ title: "LONG" }, { title: "Y" }], rows, { color: true })[1];
    expect(painted).toBe("\u001b[31mno\u001b[39m    x");
  });

  it("stays one line a row, without control characters, for any text", () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }), { maxLength: 5 }), (rows) => {
        const lines = renderTable([{ title: "A" }, { title: "B", max: 10 }, { title: "C" }], rows);
        expect(lines).toHaveLength(rows.length + 1);
        for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\u202e\u200b]/u);
      }),
    );
    expect(renderTable([{ title: "A" }], [["\u001b]0;owned\u0007\n\u202e"]])[1]).toBe(
      "\\x1b]0;owned\\x07\\x0a\\u{202e}",
    );
  });
});

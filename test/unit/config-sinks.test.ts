// SPDX-License-Identifier: Apache-2.0
// Sinks as they may be written, and what is refused.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { loadConfig } from "../../src/config/index.js";
import { configSchema } from "../../src/config/schema.js";
import { scratch } from "./sinks-support.js";

describe("the configuration of sinks", () => {
  const problem = (text: string): string => JSON.stringify(configSchema.safeParse(parse(text)).error?.issues ?? []);
  it.each([
    ["no destination", "sinks: [{name: a}]", /exactly one of stdout, file, syslog, http/],
    ["two destinations", "sinks: [{name: a, stdout: true, file: {path: /x}}]", /exactly one of/],
    ["a name twice", "sinks: [{name: a, stdout: true}, {name: a, stdout: true}]", /same name/],
    ["a file twice", "sinks: [{name: a, file: {path: /x}}, {name: b, file: {path: /x}}]", /same file/],
    [
      "a file twice under two names",
      "sinks: [{name: a, file: {path: /x/y}}, {name: b, file: {path: /x//./y}}]",
      /same file/,
    ],
    ["the file of events", "events: {file: {path: /x}}\nsinks: [{name: a, file: {path: /x}}]", /same file/],
    [
      "a file that another rotates into",
      "sinks: [{name: a, file: {path: /x, rotate: {maxBytes: 4096}}}, {name: b, file: {path: /x.1}}]",
      /same file/,
    ],
    ["a name that is taken", "sinks: [{name: file, stdout: true}]", /events\.file/],
    ["a name with a path in it", "sinks: [{name: ../x, stdout: true}]", /small letters/],
    ["an unknown format", "sinks: [{name: a, stdout: true, format: xml}]", /native/],
    ["half a client certificate", "sinks: [{name: a, syslog: {host: h, tls: {cert: /c}}}]", /both cert and key/],
    ["tls for udp", "sinks: [{name: a, syslog: {host: h, transport: udp, tls: {}}}]", /another transport/],
    ["a host that is none", "sinks: [{name: a, syslog: {host: 'h h'}}]", /host name/],
    ["another scheme", "sinks: [{name: a, http: {url: 'file:///etc', protocol: webhook}}]", /https:/],
    [
      "a token in clear",
      "sinks: [{name: a, http: {url: 'http://siem/', protocol: splunk, tokenFile: /t}}]",
      /in clear/,
    ],
    ...["HTTP://siem/", " http://siem/", "http://127.siem.example/", "http://localhost.example/"].map(
      (url): [string, string, RegExp] => [
        `a token in clear to ${url}`,
        `sinks: [{name: a, http: {url: '${url}', protocol: splunk, tokenFile: /t}}]`,
        /in clear/,
      ],
    ),
    ["rotation without a limit", "sinks: [{name: a, file: {path: /x, rotate: {}}}]", /maxBytes, maxAgeSeconds/],
  ])("refuses %s", (_, text, words) => {
    expect(problem(text)).toMatch(words);
  });

  it("has a format that the receiver takes, if none is given", () => {
    const formatOf = (more: string): string | undefined =>
      configSchema.parse(parse(`sinks: [{name: a, ${more}}]`)).sinks[0]?.format;
    const http = (protocol: string): string => `http: {url: 'https://siem/', protocol: ${protocol}}`;
    expect(formatOf(http("elasticsearch"))).toBe("ecs");
    expect(formatOf(`${http("elasticsearch")}, format: native`)).toBe("native");
    for (const other of [http("webhook"), http("splunk"), "stdout: true"]) expect(formatOf(other)).toBe("native");
    expect(problem(`sinks: [{name: a, ${http("elasticsearch")}, format: cef}]`)).toMatch(/JSON/);
  });

  it("takes files whose names only look like one another's", () => {
    const two = (one: string, other: string) =>
      problem(`events: {file: ${one}}\nsinks: [{name: b, file: {path: ${other}}}]`);
    expect(two("{path: /x}", "/x.1")).toBe("[]");
    for (const other of ["/x.log", "/x.0", "/x1", "/y/x.1"])
      expect(two("{path: /x, rotate: {maxBytes: 4096}}", other)).toBe("[]");
  });

  it("takes a token over TLS, or to this machine, however the address is written", () => {
    for (const url of ["HTTPS://siem/", "http://localhost", "http://127.0.0.1:8088/x", "http://[::1]/"])
      expect(problem(`sinks: [{name: a, http: {url: '${url}', protocol: splunk, tokenFile: /t}}]`)).toBe("[]");
  });

  it("refuses a password in an address without repeating it", () => {
    const file = join(scratch, "config.yaml");
    writeFileSync(file, "sinks:\n  - name: a\n    http: {url: 'https://me:geheim@siem/', protocol: webhook}\n");
    try {
      loadConfig({ file });
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "CONFIG_BAD_VALUE", target: expect.stringContaining(":3:17") });
      expect((error as Error).message).toMatch(/sinks\[0\]\.http\.url.*tokenFile/);
      expect((error as Error).message).not.toContain("geheim");
    }
  });
});

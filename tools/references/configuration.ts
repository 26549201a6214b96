// SPDX-License-Identifier: Apache-2.0
// docs/reference/configuration.md: every key of the file, every variable and flag.

import { fixedKeys } from "../../src/agent/fixed.js";
import { defaultConfigPath } from "../../src/config/defaults.js";
import { configOverlays, describeConfig, type Overlay } from "../../src/config/index.js";
import { vectorNames } from "../../src/vectors/index.js";
import { propertiesOf, rowsOf, type SchemaRow } from "./json-schema.js";
import { code, entryLink, opening, table } from "./markdown.js";

const flagName = (flag: string): string => `--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Of the key itself or of those below it. */
const restartNote = (path: string): string =>
  fixedKeys.some((one) => path === one || path.startsWith(`${one}.`)) ? " **At a restart.**" : "";

/** All vectors take the same keys: those of the first stand for all. */
function keys(): SchemaRow[] {
  const schema = describeConfig();
  const first = `vectors.${vectorNames[0]}`;
  const others = (path: string): boolean => /(^|\.)vectors\.[a-z_]+$/.test(path) && !path.endsWith(first);
  return rowsOf(schema, others)
    .filter(({ path }) => !others(path))
    .map((row) => ({ ...row, path: row.path.replace(first, "vectors.VECTOR") }));
}

/** Names that the schema takes below "vectors". */
export function configuredVectors(): string[] {
  const vectors = propertiesOf(describeConfig()).find(([name]) => name === "vectors");
  return vectors ? propertiesOf(vectors[1]).map(([name]) => name) : [];
}

export function configurationReference(): string {
  const overlays: readonly Overlay[] = configOverlays;
  return [
    opening(
      "Configuration",
      "src/config",
      `One YAML file: that of \`--config\`, else that of \`CLOUDTASER_CONFIG\`, else \`${defaultConfigPath}\` if it exists. ` +
        "Environment variables are laid over it and flags over those; an empty variable counts as unset. A named file, or any at a reload, that holds no setting is refused (`{}` means the defaults), and so is one that is gone at a reload. " +
        "Everything is validated before any of it is in force: " +
        "an unknown key or a wrong value is refused with its line and column.",
    ),
    "## Keys",
    "",
    "A reload brings every change into force but that of what is marked **At a restart**, which waits for one and is named in the log, and that `kubernetes` itself is there or not. `preloadModules` are loaded by a start that finds no guards. `onStop` counts at the stop, `hardening` for what is protected from then on.",
    "",
    table(
      ["Key", "Type", "Default", "Meaning"],
      keys().map(({ path, type, fallback, required, meaning }) => [
        code(path),
        type,
        fallback === "" ? (required ? "required" : "") : code(fallback),
        meaning + restartNote(path),
      ]),
    ),
    `VECTOR is one of ${configuredVectors()
      .map((name) => entryLink("vectors", name))
      .join(", ")}.`,
    "The modes of `chan_*` and `egress` may be written as `open` (off), `detect` and `closed` (enforce).",
    "",
    "## Variables and flags",
    "",
    table(
      ["Key", "Environment variable", "Flag of `cloudtaser agent`"],
      overlays.map(({ path, env, flag }) => [
        code(path.join(".")),
        env === undefined ? "" : code(env),
        code(flagName(flag)),
      ]),
    ),
    "`ENFORCE_MODE` also takes `true` for enforce and `false` for detect. `GRPC_LISTEN_ADDR` and variables that begin with `GLOBAL_PRIVESC_` mean nothing here: the agent has no gRPC, " +
      "it is asked at `control.socket` and `health.listen`; and each vector of the whole node has its mode in `vectors`. " +
      "`LOG_ALL` reports what the allow lists let pass, and not every system call of protected processes.",
    "",
  ].join("\n");
}

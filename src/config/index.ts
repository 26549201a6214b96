// SPDX-License-Identifier: Apache-2.0
// The config room: what other rooms may import.

export { type Destination, parseDestination } from "./destination.js";
export {
  digestSlowly,
  type ExecutableIdentity,
  kernelDevice,
  resolveExecutable,
  sameFile,
} from "./executable.js";
export { type ListenAddress, parseListenAddress } from "./listen.js";
export { type ConfigInput, findConfigFile, loadConfig } from "./load.js";
export { nodeRoot, onNode } from "./node-root.js";
export { type ConfigFlags, configOverlays, type Environment, type FlagName, type Overlay } from "./overlay.js";
export { type AllowConfig, hasOwnPolicy, policyOf, type VectorPolicy, workloadNamed } from "./policy.js";
export { keepProvenance, type Provenance, provenanceOf } from "./provenance.js";
export { type Config, describeConfig, type KubernetesConfig, type WorkloadConfig } from "./schema.js";
export type { SinkConfig } from "./sinks.js";
export { type ConfigWatcher, watchConfig } from "./watch.js";

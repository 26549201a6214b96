// SPDX-License-Identifier: Apache-2.0
// The machines of the matrix: four kernels as booted by default, and two with the LSM list turned the other way.

export interface Configuration {
  name: string;
  kernel: string;
  cmdline?: string;
  /** The form that the agent must choose there. */
  form: "lsm" | "fmod_ret";
}

const withBpf = "lsm=landlock,lockdown,yama,integrity,apparmor,bpf";
export const withoutBpf = "lsm=landlock,lockdown,yama,integrity,apparmor";

export const configurations = {
  "5.10": { name: "5.10", kernel: "5.10", form: "fmod_ret" },
  "6.1": { name: "6.1", kernel: "6.1", form: "lsm" },
  "6.12": { name: "6.12", kernel: "6.12", form: "lsm" },
  "7.2": { name: "7.2", kernel: "7.2", form: "lsm" },
  "5.10-bpf": { name: "5.10-bpf", kernel: "5.10", cmdline: withBpf, form: "lsm" },
  "6.12-nobpf": { name: "6.12-nobpf", kernel: "6.12", cmdline: withoutBpf, form: "fmod_ret" },
} as const satisfies Record<string, Configuration>;

// SPDX-License-Identifier: Apache-2.0
// Where things are unless somebody says otherwise. Loads nothing, for commands that need no more of the configuration.

export const defaultConfigPath = "/etc/cloudtaser/config.yaml";

export const defaultSocket = "/run/cloudtaser/control.sock";

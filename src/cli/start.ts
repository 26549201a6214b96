#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// What `cloudtaser` starts: the command's own files, with their code cache.

import { Bundle } from "./code-cache.js";

new Bundle(import.meta.dirname).load("command.cjs");

// SPDX-License-Identifier: Apache-2.0
import { idleTests } from "./idle.js";

idleTests("5.10");

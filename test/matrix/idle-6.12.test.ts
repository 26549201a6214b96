// SPDX-License-Identifier: Apache-2.0
import { idleTests } from "./idle.js";

idleTests("6.12");

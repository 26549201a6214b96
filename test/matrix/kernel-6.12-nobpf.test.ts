// SPDX-License-Identifier: Apache-2.0
import { configurations } from "./configurations.js";
import { describeConfiguration } from "./suite.js";

describeConfiguration(configurations["6.12-nobpf"]);

// SPDX-License-Identifier: Apache-2.0
import { describeSignalForm } from "./late.js";

describeSignalForm("6.12");

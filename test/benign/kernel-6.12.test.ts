// SPDX-License-Identifier: Apache-2.0
import { describeBenign } from "./suite.js";

describeBenign("6.12");

// SPDX-License-Identifier: Apache-2.0
import { describeContainerLab, labSize } from "./container-lab.js";

describeContainerLab({ kernel: "6.12", ...labSize("runc") });

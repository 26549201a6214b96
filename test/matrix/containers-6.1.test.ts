// SPDX-License-Identifier: Apache-2.0
import { describeContainerLab, labSize } from "./container-lab.js";

describeContainerLab({ kernel: "6.1", ...labSize("crun") });

// SPDX-License-Identifier: Apache-2.0
// A path as the configuration takes it.

import { z } from "zod";

export const absolutePath = z
  .string()
  .max(4095)
  .refine((path) => path.startsWith("/") && !path.includes("\0"), "must be an absolute path");

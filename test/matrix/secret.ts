// SPDX-License-Identifier: Apache-2.0
// The secret that the leak_* attacks try to let out.
import { ask, type Field } from "./field.js";

/** LEAK_SECRET in test/triggers/leak.h. */
export const leakSecret = "kX7vQm2ZtR9pLw4NcY8sHd3FbJ6gTe5A";

/** Without it the leak_* vectors have nothing to look for. A second time it is known already. */
export async function giveSecret(field: Field, workload: string): Promise<void> {
  const path = `/v1/secrets?workload=${workload}&name=token`;
  const { status, stdout } = await field.guest.run([ask, "POST", path, leakSecret], { timeoutSeconds: 300 });
  if (status !== 0) throw new Error(`secret refused: ${stdout}`);
}

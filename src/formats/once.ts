// SPDX-License-Identifier: Apache-2.0
// What is made when it is first asked for, and kept.

export function once<Made>(make: () => Made): () => Made {
  let made: { value: Made } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

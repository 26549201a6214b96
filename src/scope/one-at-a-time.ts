// SPDX-License-Identifier: Apache-2.0
// What takes long and may be asked for by many at once: looks at the whole node.

/** One making at a time: all who ask during one share the next, which begins after they asked. */
export function oneAtATime<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<Value> | undefined;
  return () => {
    next ??= last.then(() => {
      next = undefined;
      return make();
    });
    last = next.catch(() => {}); // whoever asked hears of it
    return next;
  };
}

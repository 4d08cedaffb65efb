// Waits for specs of faults on a port. No event tells that something does not
// happen any more, or what a kernel holds: these look again after turns of the
// event loop, never after a time.

import { settle } from 'corosock/testing';
import type { Host, ServerSocket } from 'corosock';

/** So many looks in a row, of 128 turns each, have to find the same. */
const LOOKS = 10;

/** Waits until a condition holds. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await settle();
}

/** Waits until a measure does not change any more, and gives the last one. */
export async function untilStill(measure: () => number): Promise<number> {
  let last = measure();
  for (let same = 0; same < LOOKS; same += 1) {
    await settle();
    const next = measure();
    if (next !== last) same = -1;
    last = next;
  }
  return last;
}

/** Tells whether a promise stays pending: for so long as nothing changes by itself any more. */
export async function staysPending(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  for (let look = 0; look < LOOKS; look += 1) {
    if (await Promise.race([settled, settle()])) return false;
  }
  return true;
}

/** Waits for the one socket of a host. */
export async function socketOf({ sockets }: Host): Promise<ServerSocket> {
  await until(() => sockets.size === 1);
  return [...sockets.values()][0] as ServerSocket;
}

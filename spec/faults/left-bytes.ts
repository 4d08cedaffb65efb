// What calls leave behind, in bytes each. The engine takes and gives back memory of
// its own now and then, for a table that has filled; what a call leaves is left in every
// round, so that the middle one of three says it.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const ROUNDS = 3;

/**
 * Makes calls round by round, and first some that do not count: what is made once, and
 * code that has to be compiled.
 *
 * @param calls - In each round.
 * @param times - Makes so many calls.
 * @returns Bytes of live objects that a call leaves.
 */
export async function leftBytes(calls: number, times: (calls: number) => Promise<void>): Promise<number> {
  await times(calls);
  const left: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = heapBytes();
    await times(calls);
    left.push((heapBytes() - before) / calls);
  }
  return left.toSorted((a, b) => a - b)[ROUNDS >> 1] as number;
}

/** Bytes of live objects. */
export function heapBytes(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

/** The same with the memory behind buffers. */
export function memoryBytes(): number {
  // Buffers are given back beside the program: the second collection waits for the first one's.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

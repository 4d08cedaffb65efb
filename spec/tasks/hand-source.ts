// A source of a spec's own making: filled by hand, broken on demand, and it counts
// what is asked of it.

import { source } from 'corosock';
import type { Source } from 'corosock';

/** What a hand source can be told to throw in. */
export type BrokenPart = 'ready' | 'take' | 'subscribe' | 'unsubscribe';

export interface HandSource extends Source<string> {
  /** What can be taken. */
  readonly values: string[];
  /** How many are subscribed. */
  readonly subscribers: number;
  /** Adds something, and wakes whoever is subscribed. */
  fill(...values: string[]): void;
  /** Wakes whoever is subscribed, or ever was, for nothing. */
  wakeAll(): void;
  /** From now on throws an error of that name there. */
  break(part: BrokenPart): void;
}

/** Makes a source that has these values. */
export function handSource(...values: string[]): HandSource {
  const wakes = new Map<object, () => void>();
  const everyWake: Array<() => void> = [];
  let broken: BrokenPart | undefined;
  const breakIn = (part: BrokenPart): void => {
    if (broken === part) throw new Error(`broken in ${part}`);
  };
  return {
    values,
    get subscribers(): number {
      return wakes.size;
    },
    fill(...more: string[]): void {
      values.push(...more);
      for (const wake of wakes.values()) wake();
    },
    wakeAll(): void {
      for (const wake of everyWake) wake();
    },
    break(part: BrokenPart): void {
      broken = part;
    },
    [source]: {
      ready(): boolean {
        breakIn('ready');
        return values.length > 0;
      },
      take(): string {
        breakIn('take');
        return values.shift() as string;
      },
      subscribe(wake: () => void): () => void {
        breakIn('subscribe');
        const key = {};
        wakes.set(key, wake);
        everyWake.push(wake);
        return () => {
          wakes.delete(key);
          breakIn('unsubscribe');
        };
      },
    },
  };
}

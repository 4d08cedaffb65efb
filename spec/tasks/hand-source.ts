// A source that a spec fills by hand and can break. It shows its values and the number of its
// subscribers.

import { source } from 'corosock';
import type { Source } from 'corosock';

/** The functions of its port that can be broken. */
export type BrokenPart = 'ready' | 'take' | 'subscribe' | 'unsubscribe';

export interface HandSource extends Source<string> {
  /** The values that can be taken. */
  readonly values: string[];
  /** The number of subscribers. */
  readonly subscribers: number;
  /** Adds values, and wakes all subscribers. */
  fill(...values: string[]): void;
  /** Wakes all subscribers, present and past, without a new value. */
  wakeAll(): void;
  /** Makes that function throw from now on. */
  break(part: BrokenPart): void;
}

/** Makes a source with these values. */
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

// Handlers for specs: one that ends when the spec says so, and one that gives its params back.

import { settle } from 'corosock/testing';
import type { RequestHandler } from 'corosock';

export const echo: RequestHandler = (params) => params;

export interface SlowHandlers {
  readonly handlers: Readonly<Record<'wait' | 'echo', RequestHandler>>;
  /** Params of the handlers that were called. */
  readonly started: readonly unknown[];
  /** Ends the oldest handler that runs. */
  readonly end: (value?: unknown) => Promise<void>;
}

/** Makes handlers whose `wait` ends when the spec says so. */
export function slowHandlers(): SlowHandlers {
  const started: unknown[] = [];
  const ends: ((value?: unknown) => void)[] = [];
  const wait: RequestHandler = (params) => {
    started.push(params);
    return new Promise((resolve) => ends.push(resolve));
  };
  const end = async (value?: unknown): Promise<void> => {
    ends.shift()?.(value);
    await settle();
  };
  return { handlers: { wait, echo }, started, end };
}

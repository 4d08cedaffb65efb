// A server under soak, in a process of its own: ours or one of raw `ws`, told by a line of JSON what
// it does with its clients. The programs are in `servers/`.

import type { ServeOptions } from 'corosock';
import { Child } from '../child.ts';

/**
 * What a server does with a message: sends it back, sends one back every 100 ms, or never reads.
 * `draining`: sends it back until the host asks it to finish. `members`: sends to all when it is
 * asked to, and sends back what clients with `X-Conduct: echo` send.
 */
export type Conduct = 'echo' | 'slow' | 'silent' | 'draining' | 'members';

export interface Order {
  readonly conduct: Conduct;
  /** Those that JSON can hold. Raw `ws` follows `maxMessageBytes`, `compression` and `heartbeat`. */
  readonly options?: ServeOptions;
}

/**
 * Of the process: resident bytes at once, or after a collection · bytes of the heap after a
 * collection · timers that are set · files that are open.
 */
export type ProcessAsk = 'resident' | 'settled' | 'heap' | 'timers' | 'files';

/** What a server answers with a number. */
export type SubjectQuestion =
  | { readonly ask: ProcessAsk }
  /** The port · handlers that were started · sockets that are open. */
  | { readonly ask: 'port' | 'starts' | 'sockets' }
  /** Sends so many messages to each member, a turn each; answers the members that have taken all. */
  | { readonly ask: 'broadcast'; readonly messages: number; readonly bytes: number };

export type Subject = Child<SubjectQuestion>;

/** Which server is under soak. */
export type Kind = 'corosock' | 'raw-ws';

/** Starts a server. @param within - A command to run it in. */
export function startSubject(kind: Kind, order: Order, within: readonly string[] = []): Subject {
  const program = new URL(`servers/${kind}.js`, import.meta.url);
  return new Child(program, { core: 0, files: 20_000, words: [JSON.stringify(order)], within });
}

/** Lets a server be used, and stops it in any case. */
export async function withSubject<T>(
  kind: Kind,
  order: Order,
  use: (subject: Subject, port: number) => Promise<T>,
): Promise<T> {
  const subject = startSubject(kind, order);
  try {
    return await use(subject, await subject.ask({ ask: 'port' }));
  } finally {
    subject.stop();
  }
}

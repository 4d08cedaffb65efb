// What `closeSockets` takes and gives. Types only: close-sockets.ts does it, host.ts and
// open-hub.ts show it.

import type { EverywhereReport } from '../hub/everywhere-calls.ts';

/** Which sockets `closeSockets` closes. */
export type WhichSockets = { readonly id: string } | { readonly room: string } | { readonly session: string };

/** What `closeSockets` has done: an {@link EverywhereReport}. */
export interface ClosedReport extends EverywhereReport {
  /** How many sockets each node has closed, by the id of the node. */
  readonly nodes: ReadonlyMap<string, number>;
  /**
   * Ids of nodes that have not answered within 2 s, or are not heard of; `'*'` for nodes that this
   * one does not know, because its broker is down or was until now. A node that is back within 60 s
   * closes the sockets then.
   */
  readonly missingNodes: readonly string[];
}

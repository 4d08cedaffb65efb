// What a run of a server is made of, and who hears of it. Types only: handler-run.ts
// is what runs.

import type { ServerSocket } from './host.ts';
import type { ClientMessagesSettings } from './client-messages.ts';
import type { Outcome } from './outcome.ts';
import type { Place } from './place.ts';
import type { Report } from './report.ts';
import type { WebSocketServer } from './servable.ts';
import type { Membership } from '../session/session-place.ts';
import type { Conversation } from '../conversation/conversation.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';

export interface RunSettings extends ClientMessagesSettings {
  readonly closeTimeoutMs: number;
  readonly report: Report;
}

/** Who hears of a run. */
export interface RunListener<Run> {
  /** The socket is closed for good; its handler may still run. */
  socketOnEnd(run: Run): void;
  /** All has ended, or what had not was given up. The last call. */
  runOnEnd(run: Run, outcome: Outcome): void;
}

/** What a run is made of. */
export interface RunParts<Run> {
  readonly ws: ServerSocket;
  readonly place: Place<Run>;
  readonly conversation: Conversation;
  readonly draining: LazySignal;
  readonly server: WebSocketServer;
  /** Of its session; undefined where there is none. */
  readonly membership: Membership | undefined;
}

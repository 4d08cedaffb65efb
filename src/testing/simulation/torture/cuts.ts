// What interrupts a handler at one of its waits: the ordinary ends and delays of a link, of the
// peer and of the host. What a peer sends to do harm is in hostile.ts. torture.ts plans one run for
// each wait and cut, torture-run.ts makes the cut.

import { seenText } from './seen-waits.ts';
import type { KnownWaits, WaitKind } from './seen-waits.ts';
import type { SlowWrites } from './slow-writes.ts';
import { GOING_AWAY } from '../links/world-link.ts';
import type { WorldClient } from '../links/world-link.ts';
import type { Host } from '../../../server/host.ts';
import type { HandlerRun } from '../../../server/handler-run.ts';
import type { Where } from '../../../server/report.ts';

/** Where a cut is made. */
export interface CutPlace {
  readonly client: WorldClient;
  readonly run: HandlerRun;
  readonly host: Host;
  /** Those of the host, for its route. */
  readonly limits: { readonly maxMessageBytes: number; readonly queueMessages: number };
  /** Holds the writes of the handler; undefined where the peer is not slow. */
  readonly writes: SlowWrites | undefined;
}

/**
 * What a run is like. `asGiven`: as the options say. `withoutHeartbeat`: so that a wait can last.
 * `slowPeer`: the peer is always one message behind, so that each write waits.
 */
export type Conditions = 'asGiven' | 'withoutHeartbeat' | 'slowPeer';

/** The close codes with which a host may end the socket after a cut. */
export interface RightCodes {
  /** As errors show them. */
  readonly text: string;
  has(code: number): boolean;
}

/** One way to interrupt a handler. */
export interface Cut {
  /** As errors name it. */
  readonly name: string;
  readonly conditions: Conditions;
  /** The waits at which it makes a difference; `open`: once, right after the client has opened. */
  readonly at: readonly WaitKind[] | 'open';
  make(place: CutPlace): void;
  /** Undoes a stall, once the wait is over, or nothing else goes on. */
  release?(place: CutPlace): void;
  /** Beside the code of the run without a cut. */
  readonly rightCodes: RightCodes;
  /** Whether an error is to be reported after it. */
  explains?(error: unknown, where: Where): boolean;
}

/** A cut at one wait; at 0: right after the client has opened. */
export interface PlannedCut extends KnownWaits {
  readonly cut: Cut;
}

const EVERY_WAIT: readonly WaitKind[] = ['read', 'write', 'select', 'task', 'close', 'other', 'message'];
const LINK_LOST = 1006;
/** It tells the client that the server is at fault. */
const HANDLER_FAILED = 1011;
/** Codes from here on are those of an application. */
const OWN_CODES = 3000;

const LOST: RightCodes = { text: `${LINK_LOST}`, has: (code) => code === LINK_LOST };
const CLOSING: RightCodes = {
  text: `${GOING_AWAY}, or one from ${OWN_CODES} on`,
  has: (code) => code === GOING_AWAY || code >= OWN_CODES,
};
/** Any code but the one that says that the server has failed. */
export const ANY_BUT_FAILED: RightCodes = {
  text: `any but ${HANDLER_FAILED}`,
  has: (code) => code !== HANDLER_FAILED,
};

/** The interruptions that any peer, network or deployment brings. */
export const CUTS: readonly Cut[] = [
  {
    name: 'link lost',
    conditions: 'asGiven',
    at: EVERY_WAIT,
    make: ({ client }) => client.link.reset(),
    rightCodes: LOST,
  },
  {
    name: 'closed by the peer',
    conditions: 'asGiven',
    at: EVERY_WAIT,
    make: ({ client }) => void client.close(GOING_AWAY),
    rightCodes: ANY_BUT_FAILED,
  },
  {
    name: 'time-out',
    conditions: 'withoutHeartbeat',
    at: EVERY_WAIT,
    make: ({ client }) => client.link.stall('out'),
    release: ({ client }) => client.link.heal(),
    rightCodes: ANY_BUT_FAILED,
  },
  {
    name: 'aborted',
    conditions: 'asGiven',
    at: EVERY_WAIT,
    make: ({ run }) => run.ws.terminate(),
    rightCodes: LOST,
  },
  {
    name: 'slow write',
    conditions: 'slowPeer',
    at: ['write'],
    make: ({ writes }) => writes?.hold(),
    release: ({ writes }) => writes?.release(),
    rightCodes: ANY_BUT_FAILED,
    explains: isLateHook,
  },
  {
    name: 'stalled peer',
    conditions: 'asGiven',
    at: EVERY_WAIT,
    make: ({ client, writes }) => {
      client.link.cut();
      writes?.hold();
    },
    rightCodes: ANY_BUT_FAILED,
    explains: isLateHook,
  },
  {
    name: 'host closing',
    conditions: 'asGiven',
    at: EVERY_WAIT,
    make: ({ host }) => void host.close(),
    rightCodes: CLOSING,
  },
];

/** The same at the waits that only a slow peer causes. */
export const WRITE_CUTS: readonly Cut[] = CUTS.filter(({ conditions }) => conditions === 'asGiven').map(
  (cut) => ({
    ...cut,
    conditions: 'slowPeer',
    at: ['write'],
  }),
);

/** A call of `onClientMessage` that writes is reported after 30 s. */
function isLateHook(_error: unknown, { phase }: Where): boolean {
  return phase === 'onClientMessage';
}

/** Names a cut and its wait. */
export function cutText({ cut, number, counted }: PlannedCut): string {
  return number === 0 ? cut.name : `${cut.name} while ${seenText(counted[number - 1])} (wait ${number})`;
}

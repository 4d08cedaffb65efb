// What interrupts a handler at one of its waits: the ordinary ends and delays of a link, of the
// peer and of the host. What a peer sends to do harm is in hostile.ts. torture.ts plans one run for
// each wait and cut, torture-run.ts makes the cut.

import type { WaitKind } from './seen-waits.ts';
import type { SlowWrites } from './slow-writes.ts';
import type { WorldClient } from './world-link.ts';
import type { Host } from '../../server/host.ts';
import type { HandlerRun } from '../../server/handler-run.ts';
import type { Where } from '../../server/report.ts';
import type { CloseInfo } from '../../core/close-info.ts';

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
 * What a run is like. `given`: as the options say. `patient`: without heartbeat, so that a wait can
 * last. `slow`: the peer is always one message behind, so that each write waits.
 */
export type Terms = 'given' | 'patient' | 'slow';

/** One way to interrupt a handler. */
export interface Cut {
  /** As errors name it. */
  readonly name: string;
  readonly terms: Terms;
  /** The waits at which it makes a difference; `open`: once, right after the client has opened. */
  readonly at: readonly WaitKind[] | 'open';
  make(place: CutPlace): void;
  /** Undoes a stall, once the wait is over, or nothing else goes on. */
  release?(place: CutPlace): void;
  /** Whether the host may end the socket so, where it does not end so in a run without a cut. */
  isRightEnd(end: CloseInfo): boolean;
  /** Whether an error is to be reported after it. */
  explains?(error: unknown, where: Where): boolean;
}

const EVERY_WAIT: readonly WaitKind[] = ['read', 'write', 'select', 'task', 'close', 'other', 'message'];
/** Of a browser that leaves the page, and of a host that closes. */
const GOING_AWAY = 1001;
const LINK_LOST = 1006;
/** It tells the client that the server is at fault. */
const HANDLER_FAILED = 1011;
/** Codes from here on are those of an application. */
const OWN_CODES = 3000;

/** The interruptions that any peer, network or deployment brings. */
export const CUTS: readonly Cut[] = [
  {
    name: 'link lost',
    terms: 'given',
    at: EVERY_WAIT,
    make: ({ client }) => client.link.reset(),
    isRightEnd: ({ code }) => code === LINK_LOST,
  },
  {
    name: 'closed by the peer',
    terms: 'given',
    at: EVERY_WAIT,
    make: ({ client }) => void client.close(GOING_AWAY),
    isRightEnd: isNoFault,
  },
  {
    name: 'time-out',
    terms: 'patient',
    at: EVERY_WAIT,
    make: ({ client }) => client.link.stall('out'),
    release: ({ client }) => client.link.heal(),
    isRightEnd: isNoFault,
  },
  {
    name: 'aborted',
    terms: 'given',
    at: EVERY_WAIT,
    make: ({ run }) => run.ws.terminate(),
    isRightEnd: ({ code }) => code === LINK_LOST,
  },
  {
    name: 'slow write',
    terms: 'slow',
    at: ['write'],
    make: ({ writes }) => writes?.hold(),
    release: ({ writes }) => writes?.release(),
    isRightEnd: isNoFault,
    explains: isLateHook,
  },
  {
    name: 'stalled peer',
    terms: 'given',
    at: EVERY_WAIT,
    make: ({ client, writes }) => {
      client.link.cut();
      writes?.hold();
    },
    isRightEnd: isNoFault,
    explains: isLateHook,
  },
  {
    name: 'host closing',
    terms: 'given',
    at: EVERY_WAIT,
    make: ({ host }) => void host.close(),
    isRightEnd: ({ code }) => code === GOING_AWAY || code >= OWN_CODES,
  },
];

/** The same at the waits that only a slow peer causes. */
export const WRITE_CUTS: readonly Cut[] = CUTS.filter(({ terms }) => terms === 'given').map((cut) => ({
  ...cut,
  terms: 'slow',
  at: ['write'],
}));

/** A call of `onClientMessage` that writes is reported after 30 s. */
function isLateHook(_error: unknown, { phase }: Where): boolean {
  return phase === 'onClientMessage';
}

/** Any end but one that says that the server has failed. */
export function isNoFault({ code }: CloseInfo): boolean {
  return code !== HANDLER_FAILED;
}

// `closeSockets` of hosts and hubs: closes sockets by their id, their room or their session, on
// every node. Carries it out on this one, and ends sessions that another node has ended; what
// passes between the nodes is hub/everywhere-calls.ts's.

import type { ClosedReport } from './closed-report.ts';
import { HostedSocket } from './hosted-socket.ts';
import type { RunRegistry } from './run-registry.ts';
import type { EverywhereCalls } from '../hub/everywhere-calls.ts';
import type { EverywhereCall, EverywhereVerb } from '../hub/everywhere-body.ts';
import { nodeOfSocket } from '../hub/remote-sockets.ts';
import type { RoomRegistry } from '../rooms/room-registry.ts';
import type { SessionSocket } from '../session/active-session.ts';
import type { Sessions } from '../session/sessions.ts';
import { checkClose, checkNames, show } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { isObjectLike, propertyOf } from '../core/object-like.ts';

/** What a node has that calls are carried out on. */
export interface ClosableNode {
  readonly runs: RunRegistry;
  readonly rooms: RoomRegistry<HostedSocket>;
  readonly sessions: Pick<Sessions, 'evict' | 'socketsOf'> | undefined;
}

const KINDS: readonly EverywhereVerb[] = ['id', 'room', 'session'];
const NAMES: ReadonlySet<string> = new Set(KINDS);

/**
 * Checks a call of `closeSockets`.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`, `COROSOCK_CLOSE_CODE`, `COROSOCK_CLOSE_REASON`.
 */
export function checkedCall(which: unknown, code: number, reason: string): EverywhereCall {
  const names = isObjectLike(which) ? Object.keys(which) : [];
  if (names.length > 0) checkNames('closeSockets()', which, NAMES);
  const verb = KINDS.find((kind) => names.length === 1 && names[0] === kind);
  const name = verb && propertyOf(which, verb);
  if (verb === undefined || typeof name !== 'string' || name === '') {
    const got = names.length === 0 ? show(which) : `{ ${names.join(', ')} }`;
    const what = verb === undefined ? got : `{ ${verb}: ${show(name)} }`;
    const expected = 'expected one of { id }, { room } or { session }, with a text that is not empty';
    throw new UsageError('COROSOCK_ARGUMENT', `closeSockets(): ${expected}, got ${what}`);
  }
  checkClose('closeSockets()', code, reason);
  return { verb, name, code, reason: reason.toWellFormed() };
}

/** Closes sockets on every node. @param everywhere - undefined where there is no broker. */
export async function closeSockets(
  node: ClosableNode,
  everywhere: EverywhereCalls | undefined,
  call: EverywhereCall,
): Promise<ClosedReport> {
  const { nodeId } = node.runs;
  const owner = call.verb === 'id' ? nodeOfSocket(call.name) : undefined;
  const isHere = owner === nodeId || owner === '';
  if (everywhere !== undefined && !isHere) return everywhere.run(call, owner);
  return { nodes: new Map([[nodeId, carryOut(node, call)]]), missingNodes: [] };
}

/** Carries a call out on one node. @returns How many sockets it closes. */
export function carryOut(node: ClosableNode, call: EverywhereCall): number {
  if (call.verb === 'end-session') return node.sessions?.evict(call.name) ?? 0;
  const open = [...socketsOf(node, call)].filter(({ isEnding }) => !isEnding);
  for (const socket of open) socket.close(call.code, call.reason, 'local');
  return open.length;
}

function socketsOf(node: ClosableNode, { verb, name }: EverywhereCall): Iterable<SessionSocket> {
  if (verb === 'session') return node.sessions?.socketsOf(name) ?? [];
  const found = verb === 'id' ? [node.runs.find(name)] : [...node.rooms.membersOf(name)];
  return found.flatMap((ws) => HostedSocket.runOf(ws)?.conversation ?? []);
}

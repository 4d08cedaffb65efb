// The verdict on a world that cannot go on: who waits where, and what links hold back. Made once,
// when a run has failed. The words for handlers and sockets are ../who-waits.ts's.

import type { WorldLink } from '../links/world-link.ts';
import type { MemoryServer } from '../../memory-server.ts';
import { flightText, handlersWaiting, socketsWaiting } from '../../who-waits.ts';
import type { NamedSocket } from '../../who-waits.ts';
import { MessageSocket } from '../../../socket/message-socket.ts';
import { UsageError } from '../../../core/errors.ts';

/** What of a world is looked at. */
export interface LookedAt {
  readonly servers: Iterable<MemoryServer>;
  readonly links: Iterable<WorldLink>;
  /** The names of scripts that have not ended. */
  readonly running: readonly string[];
  /** `awaited`: the names of what `w.eventually` waits for. */
  readonly checks: { readonly awaited: readonly string[] };
}

/** So many of them are named. */
const MOST_NAMED = 20;

/**
 * Says who waits where, and what is in flight.
 *
 * @param others - Said of what is no part of the world, such as its scenario.
 */
export function whoWaits(world: LookedAt, others: readonly string[] = []): string {
  const links = [...world.links];
  const handlers = [...world.servers].flatMap((server) =>
    handlersWaiting(server, (index) => clientOf(server.runs[index]?.id, links)),
  );
  const scripts = world.running.map((name) => `script '${name}' has not ended`);
  const checks = world.checks.awaited.map((name) => `eventually '${name}' is not true yet`);
  const all = [...handlers, ...links.flatMap(clientWaits), ...scripts, ...others, ...checks];
  const rest = all.length > MOST_NAMED ? [`${all.length - MOST_NAMED} more wait`] : [];
  return [...all.slice(0, MOST_NAMED), ...rest, ...flights(world, links)].join('; ');
}

/** The error of a script that still runs when its world has ended. */
export function neverEnded(world: LookedAt & { readonly seed: number }, script: string): UsageError {
  const what = `The script '${script}' of the world with seed ${world.seed} has not ended with its hosts`;
  const text = `${what}: ${whoWaits(world)}. Let it return when a read gives 'closed'`;
  return new UsageError('COROSOCK_STANDSTILL', text);
}

/** The name of the client whose handler has a socket of this id. */
export function clientOf(id: string | undefined, links: readonly WorldLink[]): string | undefined {
  return links.find(({ ends }) => ends?.ws.id === id)?.name;
}

/** The calls of a client that wait. A handshake that waits is one, too. */
function clientWaits(link: WorldLink): readonly string[] {
  if (link.isOver) return [];
  return link.isOpening
    ? [`${link.name} waits for the answer to its handshake`]
    : socketsWaiting(socketsOf(link));
}

/** The socket of a client; none before its handshake has ended. */
export function socketsOf({ name, ends }: WorldLink): readonly NamedSocket[] {
  return ends === undefined ? [] : [{ name, conversation: MessageSocket.conversationOf(ends.client) }];
}

/** Says what links hold, have lost and carry. */
function flights({ servers }: LookedAt, links: readonly WorldLink[]): readonly string[] {
  const faulty = links.flatMap(({ name, trouble }) => (trouble === undefined ? [] : [`${name} ${trouble}`]));
  const count = links.reduce((sum, { inFlight }) => sum + inFlight, 0);
  const runs = [...servers].flatMap((server) => server.runs);
  const ends = [...runs, ...links.flatMap(socketsOf)].map(({ conversation }) => conversation);
  return [...faulty, flightText(ends, count)];
}

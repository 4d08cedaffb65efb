// Who waits where in a world that cannot go on, in words: handlers, child tasks, clients and
// handshakes, and what links hold back. It looks once, when a run has failed.

import type { WorldLink } from './world-link.ts';
import type { MemoryServer } from '../memory-server.ts';
import { waitText } from '../who-waits.ts';
import { AwaitStacks } from '../../server/await-stacks.ts';
import { EVERY_PATH } from '../../server/routes.ts';
import { MessageSocket } from '../../socket/message-socket.ts';

/** What of a world is looked at. */
export interface LookedAt {
  readonly servers: Iterable<MemoryServer>;
  readonly links: Iterable<WorldLink>;
  /** The names of scripts that have not ended. */
  readonly running: readonly string[];
}

/** So many of them are named. */
const MOST_NAMED = 20;

/** Says who waits where, and what is in flight. */
export function whoWaits(world: LookedAt): string {
  const links = [...world.links];
  const handlers = [...world.servers].flatMap((server) => handlersOf(server, links));
  const clients = links.flatMap(clientWaits);
  const scripts = world.running.map((name) => `script '${name}' has not ended`);
  const all = [...handlers, ...clients, ...scripts];
  const rest = all.length > MOST_NAMED ? [`${all.length - MOST_NAMED} more wait`] : [];
  return [...all.slice(0, MOST_NAMED), ...rest, ...flights(links)].join('; ');
}

function handlersOf(server: MemoryServer, links: readonly WorldLink[]): readonly string[] {
  const runs = server.runs.filter((run) => !run.hasEnded);
  return server.host.handlerWaits.of(runs).map(({ id, route, waits, at, task }) => {
    const client = links.find(({ ends }) => ends?.ws.id === id);
    const ofTask = task === undefined ? '' : `task '${task}' of `;
    const onRoute = route === EVERY_PATH ? '' : ` of ${route}`;
    const ofClient = client === undefined ? '' : ` of ${client.name}`;
    return `${ofTask}handler${onRoute}${ofClient} ${waitText(waits, at)}`;
  });
}

/** The calls of a client that wait. A handshake that waits is one, too. */
function clientWaits({ name, ends, isOver }: WorldLink): readonly string[] {
  if (isOver) return [];
  if (ends === undefined) return [`${name} waits for the answer to its handshake`];
  const waits = [...MessageSocket.conversationOf(ends.client).waits()];
  const stacks = AwaitStacks.shared.of(waits.map(([, { resolver }]) => resolver));
  return waits.map(([call], index) => `${name} ${waitText(call, stacks[index]?.at)}`);
}

/** Says what links hold, have lost and carry. */
function flights(links: readonly WorldLink[]): readonly string[] {
  const faulty = links.flatMap(({ name, trouble }) => (trouble === undefined ? [] : [`${name} ${trouble}`]));
  const count = links.reduce((sum, { inFlight }) => sum + inFlight, 0);
  return [...faulty, count === 0 ? 'nothing is in flight' : `${count} in flight`];
}

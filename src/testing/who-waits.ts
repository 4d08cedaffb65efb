// Says who waits where, for errors and reports of tests that stand still: handlers, child tasks,
// and the sockets that a test holds. server/host-waits.ts finds the waits of handlers.

import { pathToFileURL } from 'node:url';
import type { MemoryServer } from './memory-server.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { AwaitStacks, placeIn } from '../server/await-stacks.ts';
import type { AwaitStack } from '../server/await-stacks.ts';
import type { Wait } from '../server/host-waits.ts';
import { EVERY_PATH } from '../server/routes.ts';

/** A socket that code of a test holds. */
export interface NamedSocket {
  /** Such as `client 2`. */
  readonly name: string;
  readonly conversation: Conversation;
}

/** What a handler waits in. `other` has a line where it is a call of ours. */
const DOINGS: Readonly<Record<Wait['waits'], string>> = {
  read: 'waits in read',
  write: 'waits in write',
  select: 'waits in select',
  task: 'waits for a child task',
  close: 'waits for the end',
  other: 'waits in a sleep or a channel',
};

/**
 * Says where the handlers and child tasks of a server wait.
 *
 * @param nameOf - Gives the name of the client of a run, where a server has several.
 */
export function handlersWaiting(
  { host, runs }: MemoryServer,
  nameOf: (index: number) => string,
): readonly string[] {
  const ids = runs.map(({ id }) => id);
  return host.waits().map(({ id, route, task, waits, at }) => {
    const name = task === undefined ? 'handler' : `task ${task}`;
    const code = route === EVERY_PATH ? name : `${name} of ${route}`;
    const who = runs.length > 1 ? `${code} of ${nameOf(ids.indexOf(id))}` : code;
    if (waits === 'other' && at === undefined) return `${who} waits in no call of this package`;
    return sentence(who, waits, at);
  });
}

/** Says where code waits for sockets: the line of the innermost await that is not ours. */
export function socketsWaiting(sockets: readonly NamedSocket[]): readonly string[] {
  const calls = sockets.flatMap(({ name, conversation }) =>
    [...conversation.waits()].map(([waits, wait]) => ({ name, waits, wait })),
  );
  const stacks = new AwaitStacks().of(calls.map(({ wait }) => wait.resolver));
  return calls.flatMap(({ name, waits, wait }, index) => {
    const { at = placeIn(wait.trace) } = stacks[index] as AwaitStack;
    // Any code may listen to `closed`.
    return waits === 'close' && at === undefined ? [] : [sentence(name, waits, at)];
  });
}

function sentence(who: string, waits: Wait['waits'], at: string | undefined): string {
  return `${who} ${DOINGS[waits]}${at === undefined ? '' : ` at ${shortened(at)}`}`;
}

/** Leaves out the folder of the process. */
function shortened(place: string): string {
  const folder = process.cwd();
  return place.replace(`${pathToFileURL(folder).href}/`, '').replace(`${folder}/`, '');
}

// The words for who waits where, for errors and reports of tests that stand still: handlers, child
// tasks, and the sockets that a test holds. server/host-waits.ts finds the waits of handlers.

import type { MemoryServer } from './memory-server.ts';
import type { Conversation } from '../conversation/conversation.ts';
import { AwaitStacks } from '../server/await-stacks.ts';
import type { AwaitStack } from '../server/await-stacks.ts';
import type { Wait } from '../server/host-waits.ts';
import { EVERY_PATH } from '../server/routes.ts';

/** Whose handler it is. Undefined: not told. */
export interface HandlerPlace {
  readonly route?: string | undefined;
  /** The name of the function of a child task. */
  readonly task?: string | undefined;
  readonly client?: string | undefined;
}

/** A socket that code of a test holds. */
export interface NamedSocket {
  /** Such as `client 2`. */
  readonly name: string;
  readonly conversation: Conversation;
}

/**
 * Says where the handlers and child tasks of a server wait.
 *
 * @param nameOf - Gives the name of the client of a run, where it is to be told.
 */
export function handlersWaiting(
  { host, openRuns, runs }: MemoryServer,
  nameOf: (index: number) => string | undefined,
): readonly string[] {
  const ids = runs.map(({ id }) => id);
  const waits = host.handlerWaits.of(openRuns);
  return waits.map((wait) => {
    const name = handlerName({ ...wait, client: nameOf(ids.indexOf(wait.id)) });
    return `${name} ${waitText(wait.waits, wait.at)}`;
  });
}

/** Names a handler or a child task: `task 'poll' of handler of /chat of client 2`. */
export function handlerName({ route, task, client }: HandlerPlace): string {
  const ofTask = task === undefined ? '' : `task '${task}' of `;
  const ofRoute = route === undefined || route === EVERY_PATH ? '' : ` of ${route}`;
  return `${ofTask}handler${ofRoute}${client === undefined ? '' : ` of ${client}`}`;
}

/** Names a client by the order of connections, from 1. */
export function clientName(number: number): string {
  return `client ${number}`;
}

/** Says where code waits for sockets: the line of the innermost await that is not ours. */
export function socketsWaiting(sockets: readonly NamedSocket[]): readonly string[] {
  const calls = sockets.flatMap(({ name, conversation }) =>
    [...conversation.waits()].map(([waits, wait]) => ({ name, waits, wait })),
  );
  const stacks = AwaitStacks.shared.ofWaits(calls.map(({ wait }) => wait));
  return calls.flatMap(({ name, waits }, index) => {
    const { at } = stacks[index] as AwaitStack;
    // Any code may listen to `closed`.
    return waits === 'close' && at === undefined ? [] : [`${name} ${waitText(waits, at)}`];
  });
}

/**
 * Says what is on its way to a reader.
 *
 * @param inFlight - The messages that links carry.
 */
export function flightText(conversations: readonly Conversation[], inFlight: number = 0): string {
  if (inFlight > 0) return `${inFlight} in flight`;
  const isFull = conversations.some(({ transport }) => transport.bufferedBytes > 0);
  return isFull ? 'what is in flight waits for a reader' : 'nothing is in flight';
}

/**
 * Gives the words for a wait: `waits in read at chat.ts:12`.
 *
 * @param waits - `other` with a place is a sleep, or a call of a channel.
 */
export function waitText(waits: Wait['waits'], at: string | undefined): string {
  if (at === undefined) return waits === 'other' ? 'waits in no call of this package' : `waits in ${waits}`;
  return waits === 'other' ? `waits at ${shortPlace(at)}` : `waits in ${waits} at ${shortPlace(at)}`;
}

/** `/a/b/chat.ts:12:5` → `chat.ts:12`. */
export function shortPlace(place: string): string {
  return place.replace(/^.*[/\\]/, '').replace(/:\d+$/, '');
}

/** Adds a place to a name: ` at chat.ts:12`, or nothing where none is known. */
export function placeText(place: string | undefined): string {
  return place === undefined ? '' : ` at ${shortPlace(place)}`;
}

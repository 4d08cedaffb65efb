// What is looked at in a server before it serves: what would be ignored in silence. A hook that is
// no function, or that is misspelt, would never run, and one that should refuse clients would let
// all of them in. routes.ts asks for each server, admission.ts once more after the hook.

import type { WebSocketServer } from './servable.ts';
import { badArgument } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { nearName } from '#platform';

const HOOKS = ['onPreServer', 'onPostServer', 'onClientMessage', 'onExpire'] as const;
const KNOWN: ReadonlySet<string> = new Set(HOOKS);

/**
 * Checks that the hooks of a server are functions.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function checkHooks(name: string, server: WebSocketServer): void {
  for (const hook of HOOKS) {
    const value: unknown = server[hook];
    if (value !== undefined && typeof value !== 'function')
      throw badArgument(`${name}.${hook}`, 'a function', value);
  }
}

/** Prototypes whose members are well named: a class is looked through once. */
const wellNamed = new WeakSet<object>();

/**
 * Refuses a member whose name is nearly that of a hook: `onPreserver`. Others, such as `onMessage`,
 * may be the server's own. Nothing of the server is read, and of each class only the first
 * instance is looked at.
 *
 * @param server - An object, or the prototype of a class.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function checkHookNames(name: string, server: object): void {
  const prototype: unknown = Object.getPrototypeOf(server);
  const isOfClass = !isRoot(prototype);
  if (isOfClass && wellNamed.has(prototype)) return;
  for (let part: unknown = server; !isRoot(part); part = Object.getPrototypeOf(part)) {
    for (const member of Object.getOwnPropertyNames(part)) refuseNearHook(name, member);
  }
  if (isOfClass) wellNamed.add(prototype);
}

/** Whether it is no object with members of users: null, or the prototype of plain objects. */
function isRoot(part: unknown): part is null | undefined {
  return part === null || part === undefined || Object.hasOwn(part, 'isPrototypeOf');
}

function refuseNearHook(name: string, member: string): void {
  if (KNOWN.has(member) || !/^on[a-z]/iu.test(member)) return;
  const hook = nearName(member, HOOKS);
  if (hook === undefined) return;
  throw new UsageError(
    'COROSOCK_ARGUMENT',
    `${name}: "${member}" is no hook and would never run; did you mean "${hook}"?`,
  );
}

/**
 * Refuses options beside `server` or `create`, where they have no effect. A class may have a member
 * of this name for itself.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function refuseOptions(name: string, beside: 'server' | 'create', served: object): void {
  if (!isRoot(Object.getPrototypeOf(served)) || !Object.hasOwn(served, 'options')) return;
  throw new UsageError(
    'COROSOCK_ARGUMENT',
    `${name}: options belong beside serve, not beside ${beside}: { serve: { ${beside} }, options }`,
  );
}

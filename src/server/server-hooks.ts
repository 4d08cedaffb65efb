// What is looked at in a server before it serves: what would be ignored in silence. A hook that is
// no function, or that is misspelt, would never run, and one that should refuse clients would let
// all of them in. routes.ts asks for each server, admission.ts once more after the hook.

import type { WebSocketServer } from './servable.ts';
import { badArgument } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';
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

/**
 * Refuses `serve` or `create` beside `server`: one of the two would never run. A class may have
 * members of these names for itself.
 *
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function refuseTwo(name: string, server: WebSocketServer): void {
  if (!isRoot(Object.getPrototypeOf(server))) return;
  const other = ['serve', 'create'].find((member) => propertyOf(server, member) !== undefined);
  if (other === undefined) return;
  throw new UsageError('COROSOCK_ARGUMENT', `${name}: expected ${other} or server, not both`);
}

/** A name of this length may have one letter that is wrong; a shorter one may be another word. */
const NEAR_LENGTH = 7;

/**
 * Refuses the options of a route where they have no effect, because they lie beside `server` or
 * `create` in an object, also with a letter that is wrong. A class, a method and a getter may have
 * any name.
 *
 * @param options - The names of the options of a route.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function refuseRouteOptions(name: string, served: unknown, options: ReadonlySet<string>): void {
  if (typeof served !== 'object' || served === null || !isRoot(Object.getPrototypeOf(served))) return;
  const known = [...options, 'options'];
  const long = known.filter((option) => option.length >= NEAR_LENGTH);
  for (const [member, { value }] of Object.entries(Object.getOwnPropertyDescriptors(served))) {
    if (value === undefined || (typeof value === 'function' && member !== 'origins')) continue;
    const meant = options.has(member) ? member : nearName(member, long, 1);
    if (meant === undefined) continue;
    const beside = 'server' in served ? 'server' : 'create';
    const shown = meant === 'options' ? meant : `options: { ${meant} }`;
    throw new UsageError(
      'COROSOCK_ARGUMENT',
      `${name}: "${member}" beside ${beside} has no effect; did you mean { serve: { ${beside} }, ${shown} }?`,
    );
  }
}

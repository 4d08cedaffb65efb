// Which server answers which path; the one door to path-to-regexp. Patterns are compiled once, and
// paths are matched as they were sent: case-sensitive, no trailing slash added or removed, nothing
// decoded but the parameters. serve.ts and attach.ts make the table, the host asks it.

import { match, pathToRegexp } from 'path-to-regexp';
import type { Match as PathMatch } from 'path-to-regexp';
import type { MakeServer } from './hook-order.ts';
import type {
  Created,
  Handler,
  Route,
  RouteOptions,
  Routes,
  RouteWithOptions,
  Servable,
  WebSocketServer,
} from './servable.ts';
import { checkHookNames, checkHooks, refuseOptions, refuseTwo } from './server-hooks.ts';
import { badArgument } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';
import { isThenable } from '../core/object-like.ts';

/** The server of a path. */
export interface Match {
  /** The pattern that matches; `'*'` for a lone server. */
  readonly pattern: string;
  /** Gives the server of one connection; of a class or a `create`, a new one. */
  readonly makeServer: MakeServer;
  readonly params: Readonly<Record<string, string>>;
}

/** What a table finds for a path; 'malformed' for a parameter that cannot be decoded safely. */
export type Found = Match | 'malformed' | undefined;

/** What is served on a route, apart from its options. */
interface Served {
  /** Named in errors. */
  readonly name: string;
  readonly servable: Servable;
}

/** A route with options of its own. */
interface OptionedRoute {
  /** As in {@link Match}. */
  readonly pattern: string;
  /** Named in errors. */
  readonly name: string;
  readonly options: RouteOptions;
}

/** One compiled pattern. */
interface CompiledRoute {
  /** As errors of duplicates name it. */
  readonly label: string;
  /** Named in errors: `routes['/chat']`. */
  readonly name: string;
  /** Undefined for a route without. */
  readonly options: RouteOptions | undefined;
  readonly pattern: string;
  /** Equal for patterns that match the same paths. */
  readonly shape: string;
  readonly served: Served;
  readonly makeServer: MakeServer;
  /** The parameters as they were sent; undefined for a path that does not match. */
  readonly match: (path: string) => Readonly<Record<string, string>> | undefined;
}

/** Shape and route of a lone server, which answers every path. No pattern has it. */
export const EVERY_PATH = '*';

/** Shared by all sockets: an own object without a prototype costs some 200 bytes. */
export const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null) as Record<string, string>,
);

/** The routes of one host. */
export class RouteTable {
  readonly #routes: readonly CompiledRoute[];

  /**
   * @param loneName - The name of a lone server in errors.
   * @throws UsageError `COROSOCK_ARGUMENT`, `COROSOCK_ROUTE`.
   */
  constructor(routes: Routes, loneName: string = 'routes') {
    this.#routes = compileAll(routes, loneName);
    refuseDuplicates(this.#routes);
  }

  /** Finds the server of a path. */
  find(path: string): Found {
    for (const { pattern, makeServer, match: matches } of this.#routes) {
      const params = matches(path);
      if (params === undefined) continue;
      const decoded = decodeAll(params);
      if (decoded === undefined) return 'malformed';
      return { pattern, makeServer, params: decoded };
    }
    return undefined;
  }

  /** The patterns in their order; `'*'` for a lone server. */
  get patterns(): readonly string[] {
    return this.#routes.map(({ pattern }) => pattern);
  }

  /** The routes that have options of their own. */
  get withOptions(): readonly OptionedRoute[] {
    return this.#routes.flatMap(({ name, options, pattern }) =>
      options === undefined ? [] : [{ name, options, pattern }],
    );
  }

  /** What is served on each route. */
  get served(): readonly Served[] {
    return this.#routes.map(({ served }) => served);
  }

  /** Whether it answers every path. */
  get isLone(): boolean {
    return this.#routes[0]?.shape === EVERY_PATH;
  }

  /**
   * Checks two tables of one http server.
   *
   * @throws UsageError `COROSOCK_ROUTE` when they have a pattern in common.
   */
  refuseClash(other: RouteTable): void {
    refuseDuplicates([...other.#routes, ...this.#routes]);
  }
}

/** Gives the pattern and the parameters of what was found: none, where that is no route. */
export function placeOf(found: Found): { readonly pattern?: string; readonly params: Match['params'] } {
  return typeof found === 'object' ? found : NO_PLACE;
}

const NO_PLACE = Object.freeze({ params: NO_PARAMS });

function compileAll(routes: Routes, loneName: string): readonly CompiledRoute[] {
  if (isRoute(routes)) {
    const lone = { label: 'every path', pattern: EVERY_PATH, shape: EVERY_PATH, match: () => NO_PARAMS };
    return [{ ...lone, ...partsOf(loneName, routes) }];
  }
  if (typeof routes === 'string')
    throw badArgument('routes', "a map such as { '/chat': handler }, not a path", routes);
  if (typeof routes !== 'object' || routes === null || Array.isArray(routes))
    throw badArgument('routes', `${EXPECTED}, or a map of patterns`, routes);
  const compiled = Object.entries(routes).map(([pattern, route]) => compile(pattern, route));
  if (compiled.length === 0) throw badArgument('routes', 'at least one pattern', routes);
  return compiled;
}

function compile(pattern: string, route: Route): CompiledRoute {
  const parts = partsOf(`routes['${pattern}']`, route);
  if (!pattern.startsWith('/')) throw badRoute(`a pattern that begins with '/'`, pattern);
  const options = { sensitive: true, trailing: false, encodePath: encodeLiteral } as const;
  try {
    const matches = match<Record<string, string>>(pattern, { ...options, decode: false });
    const shape = pathToRegexp(pattern, options).regexp.source;
    return { label: pattern, pattern, shape, ...parts, match: (path) => paramsOf(matches(path)) };
  } catch (error) {
    throw badRoute(cureOf(pattern) ?? `a pattern of path-to-regexp (${(error as Error).message})`, pattern);
  }
}

/** What to write for the signs of older versions and of other routers. */
function cureOf(pattern: string): string | undefined {
  const optional = pattern.replaceAll(/(\/?[:*][\p{ID_Start}$_][\p{ID_Continue}$]*)\?/gu, '{$1}');
  if (optional !== pattern) return `an optional part in braces: '${optional}'`;
  return pattern.endsWith('*') ? `a name for the rest of a path: '${pattern}rest'` : undefined;
}

/**
 * Takes a route apart into the maker of its servers and its options.
 *
 * @param name - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function partsOf(name: string, route: Route): RouteParts {
  if (!hasOptions(route)) return { name, options: undefined, ...servedAs(name, route) };
  const { serve, options, ...others }: RouteWithOptions = route;
  const [other] = Object.keys(others);
  if (other !== undefined) throw badArgument(name, 'only serve and options', other);
  if (typeof options !== 'object' || options === null)
    throw badArgument(`${name}.options`, 'an object', options);
  return { name, options, ...servedAs(`${name}.serve`, serve) };
}

type RouteParts = Pick<CompiledRoute, 'name' | 'options' | 'makeServer' | 'served'>;

function servedAs(name: string, servable: Servable): Pick<RouteParts, 'makeServer' | 'served'> {
  return { makeServer: makerOf(name, servable), served: { name, servable } };
}

function paramsOf(found: PathMatch<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  return found === false ? undefined : found.params;
}

/** Percent-encodes what is not ASCII in a pattern, as user agents do in a path. */
function encodeLiteral(text: string): string {
  return text.replaceAll(/[^\u0021-\u007e]+/gu, encodeURIComponent);
}

/**
 * Makes a function that gives the server of one connection.
 *
 * @param name - Named in errors.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
function makerOf(name: string, servable: Servable): MakeServer {
  if (isWebSocketServer(servable)) {
    checkServer(name, servable);
    return () => servable;
  }
  if (isCreated(servable)) {
    checkCreate(name, servable);
    return () => createdBy(name, servable);
  }
  if (typeof servable !== 'function') throw badArgument(name, EXPECTED, servable);
  if (!isClass(servable)) {
    const server: WebSocketServer = { server: servable };
    return () => server;
  }
  checkHookNames(name, servable.prototype as object);
  return () => checkedServer(name, EXPECTED, new servable());
}

const EXPECTED = 'a function, an object or class with server(), or { create }';

/** @throws What `create` throws; UsageError for what is no server. */
function createdBy(name: string, created: Created): WebSocketServer | Promise<WebSocketServer> {
  const given: unknown = created.create();
  const call = `${name}.create()`;
  if (isWebSocketServer(given)) return checkedServer(call, CREATES, given);
  if (!isThenable(given)) throw badArgument(call, CREATES, given);
  return Promise.resolve(given).then((server) => checkedServer(call, CREATES, server));
}

const CREATES = 'an object with server()';

function checkedServer(name: string, expected: string, server: unknown): WebSocketServer {
  if (!isWebSocketServer(server)) throw badArgument(name, expected, server);
  checkServer(name, server);
  return server;
}

/** A class cannot be called: each connection would be refused. */
function checkCreate(name: string, created: Created): void {
  refuseOptions(name, 'create', created);
  const create = Reflect.get(created, 'create');
  if (!isClass(create)) return;
  const expected = `a function, such as () => new ${create.name}()`;
  throw new UsageError('COROSOCK_ARGUMENT', `${name}.create: expected ${expected}, got a class`);
}

function checkServer(name: string, server: WebSocketServer): void {
  refuseTwo(name, server);
  refuseOptions(name, 'server', server);
  checkHooks(name, server);
  checkHookNames(name, server);
}

function isWebSocketServer(value: unknown): value is WebSocketServer {
  return (
    typeof value === 'object' && value !== null && 'server' in value && typeof value.server === 'function'
  );
}

/** A map of patterns has no `serve`: a pattern begins with a slash. */
function hasOptions(value: unknown): value is RouteWithOptions {
  return typeof value === 'object' && value !== null && 'serve' in value && !isWebSocketServer(value);
}

function isRoute(routes: Routes): routes is Route {
  return typeof routes === 'function' || isWebSocketServer(routes) || isCreated(routes) || hasOptions(routes);
}

function isCreated(value: unknown): value is Created {
  return (
    typeof value === 'object' && value !== null && 'create' in value && typeof value.create === 'function'
  );
}

/** A class is a function whose `prototype` is not writable. */
function isClass(
  value: Handler | Created['create'] | (new () => WebSocketServer),
): value is new () => WebSocketServer {
  return Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
}

function decodeAll(params: Readonly<Record<string, string>>): Readonly<Record<string, string>> | undefined {
  const entries = params === NO_PARAMS ? [] : Object.entries(params);
  if (entries.length === 0) return NO_PARAMS;
  const decoded = Object.create(null) as Record<string, string>;
  try {
    for (const [name, value] of entries) decoded[name] = value.split('/').map(decodeSegment).join('/');
  } catch {
    return undefined;
  }
  return decoded;
}

/** What would be another path, were a parameter made part of one; and control characters. */
const UNSAFE_SEGMENT = /^\.{1,2}$|[/\\\p{Cc}]/u;

/** @throws URIError for a bad escape, and for one that hides a separator or a dot segment. */
function decodeSegment(sent: string): string {
  const segment = decodeURIComponent(sent);
  if (UNSAFE_SEGMENT.test(segment)) throw new URIError('A segment of a path is unsafe');
  return segment;
}

function refuseDuplicates(routes: readonly CompiledRoute[]): void {
  const seen = new Map<string, string>();
  for (const { label, shape } of routes) {
    const first = seen.get(shape);
    if (first !== undefined)
      throw badRoute(`patterns that each match something else, but ${first} is claimed already`, label);
    seen.set(shape, label);
  }
}

function badRoute(expected: string, got: string): UsageError {
  return new UsageError('COROSOCK_ROUTE', `routes: expected ${expected}, got '${got}'`);
}

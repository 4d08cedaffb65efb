// The server programs below `servers/`: ours, and raw `ws`, with which ours is mostly compared. Rows
// name them (scenarios.ts, room-scenarios.ts), and table.ts finds our figures by our name.

import type { Limit, Server } from './scenario.ts';

/** The server with which ours is mostly compared. */
export const YARDSTICK = 'ws';
export const MEASURED = 'corosock';

/** @param name - {@link MEASURED} and {@link YARDSTICK} are packages; other names are not. */
export function server(name: string, program: string, ...words: readonly string[]): Server {
  const url = new URL(`servers/${program}.js`, import.meta.url);
  const packageName = name === MEASURED || name === YARDSTICK ? name : undefined;
  return { name, package: packageName, program: url, words, dialect: 'plain', setsCookie: false };
}

/** Times the figure of the one beside. */
export function atMost(value: number): Limit {
  return { by: 'ratio', bound: 'at most', value };
}

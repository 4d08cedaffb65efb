// The door to `ws`: the classes that all of transport/ws/ is made of. Bun gives a module of its own
// where a program imports `ws`: the same names, but its own frames, whole messages only, and up to
// 512 KiB behind a pause. On Bun the installed package is therefore loaded by its path
// (docs/internals/decisions/house.md).

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as imported from 'ws';

/** What is used of `ws`. */
export type WsLibrary = Pick<typeof imported, 'WebSocket' | 'WebSocketServer'>;

/** This module, where it was not bundled. */
const IN_ITS_PLACE = /\/transport\/ws\/library\.[jt]s$/;

/**
 * Gives the package `ws` as it is installed.
 *
 * @param runtimes - The versions of the process: Bun states its own there.
 * @param from - The URL of this module.
 * @returns What `import` gives. On Bun the package itself, but Bun's own module where this one was
 *   bundled with other code, or no package is found. From a bundle Bun may look for the package at
 *   npm, in any version.
 */
export function installedWs(runtimes: Readonly<Record<string, string | undefined>>, from: string): WsLibrary {
  if (runtimes['bun'] === undefined || !IN_ITS_PLACE.test(from)) return imported;
  try {
    const require = createRequire(from);
    return require(join(dirname(require.resolve('ws/package.json')), 'index.js')) as WsLibrary;
  } catch {
    return imported;
  }
}

const library = installedWs(process.versions, import.meta.url);

export const WebSocket: typeof imported.WebSocket = library.WebSocket;
export type WebSocket = imported.WebSocket;
export const WebSocketServer: typeof imported.WebSocketServer = library.WebSocketServer;

/** Tells whether the classes are Bun's own. */
export function isOwnOfBun(): boolean {
  return process.versions['bun'] !== undefined && WebSocket === imported.WebSocket;
}

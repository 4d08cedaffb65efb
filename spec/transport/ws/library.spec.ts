// Which `ws` the transport is made of. That it carries both ends on Bun is proved by
// `npm run test:runtimes`.

import { createRequire } from 'node:module';
import { describe, expect, it, onTestFinished } from 'vitest';
import * as imported from 'ws';
import { installedWs, isOwnOfBun, WebSocket, WebSocketServer } from '../../../src/transport/ws/library.ts';

const ON_BUN = { bun: '1.4.5' };
const HERE = new URL('../../../src/transport/ws/library.ts', import.meta.url).href;

describe('installedWs', () => {
  it('gives what import gives', () => {
    expect(installedWs({ node: '24.0.0' }, import.meta.url)).toBe(imported);
    expect([WebSocket, WebSocketServer]).toEqual([imported.WebSocket, imported.WebSocketServer]);
  });

  it('gives the package on Bun, which has a module of its own for import', () => {
    const installed: unknown = createRequire(import.meta.url)('ws');
    expect(installedWs(ON_BUN, HERE)).toBe(installed);
    expect(installed).not.toBe(imported);
  });

  it('gives what import gives on Bun where no package is installed', () => {
    expect(installedWs(ON_BUN, 'file:///nowhere/transport/ws/library.js')).toBe(imported);
  });

  it('looks for no package from a bundle: Bun would fetch it from npm', () => {
    expect(installedWs(ON_BUN, new URL('bundled.js', HERE).href)).toBe(imported);
  });
});

describe('isOwnOfBun', () => {
  it('tells whether import has given the classes on Bun', () => {
    expect(isOwnOfBun()).toBe(false);
    onTestFinished(() => void delete (process.versions as { bun?: string }).bun);
    Object.defineProperty(process.versions, 'bun', { value: '1', configurable: true });
    expect(isOwnOfBun()).toBe(true);
  });
});

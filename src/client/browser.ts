// The entry point `corosock/client` in browsers, over the WebSocket that they have.
// It leads to nothing of Node's. A page cannot hold the server back: a queue that is
// full closes with 1008.

import { connectInBrowser } from '../transport/browser/connector.ts';
import { BrowserSocket } from './browser-socket.ts';
import { makeConnect } from './connect.ts';
import type { Connect } from './connect.ts';

export type { Connect, EachUrl } from './connect.ts';
export type { ConnectOptions } from './connect-options.ts';
export type { ConnectEachOptions } from './each-options.ts';
export type { ClientSocket } from '../socket/client-socket.ts';
export type { ReadJsonOptions } from '../socket/json-message.ts';
export type { ReadOptions, Socket, WriteOptions } from '../socket/socket.ts';
export type { Clock } from '../time/clock.ts';
export type { CloseInfo } from '../core/close-info.ts';
export type { Data } from '../core/data.ts';
export { ConnectError, ConnectionLostError, MessageError, UsageError } from '../core/errors.ts';
export type { SchemaIssue, StandardSchema } from '../core/standard-schema.ts';
export { Status } from '../core/status.ts';
export type { ReadResult, WriteStatus } from '../core/status.ts';
export type { WaitOptions } from '../core/wait-options.ts';

/** See {@link Connect}. */
export const connect: Connect = makeConnect({
  connector: connectInBrowser,
  Socket: BrowserSocket,
  unknown: ['compression', 'headers', 'heartbeat'],
  overflow: 'close',
  fixed: { heartbeat: false },
});

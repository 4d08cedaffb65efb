// The entry point `corosock/client` in browsers, over the WebSocket that they have.
// It leads to nothing of Node's. A page cannot hold the server back: a queue that is
// full closes with 1008.

import { connectNative } from '../transport/native-connector.ts';
import { NativeSocket } from './native-socket.ts';
import { makeConnect } from './connect.ts';
import type { Connect } from './connect.ts';

export type { Connect, EachUrl } from './connect.ts';
export type { ConnectOptions } from './connect-options.ts';
export type { ConnectEachOptions } from './each-options.ts';
export type { ClientSocket } from '../socket/client-socket.ts';
export type { ReadJsonOptions } from '../socket/json-message.ts';
export type { ReadOptions, Socket, WriteOptions } from '../socket/socket.ts';
export type { Clock } from '../time/clock.ts';
export type { CloseInfo } from '../words/close-info.ts';
export type { Data } from '../words/data.ts';
export { ConnectError, ConnectionLostError, MessageError, UsageError } from '../words/errors.ts';
export type { SchemaIssue, StandardSchema } from '../words/standard-schema.ts';
export { Status } from '../words/status.ts';
export type { ReadResult, WriteStatus } from '../words/status.ts';
export type { WaitOptions } from '../words/wait-options.ts';

/** See {@link Connect}. */
export const connect: Connect = makeConnect({
  connector: connectNative,
  Socket: NativeSocket,
  unknown: ['compression', 'headers', 'heartbeat'],
  overflow: 'close',
  fixed: { heartbeat: false },
});

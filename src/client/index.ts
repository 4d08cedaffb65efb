// The entry point `corosock/client` in Node: conversations that we begin. Browsers
// get browser.ts in its place, with the same names.

import { connectWs } from '../transport/ws-connector.ts';
import { ConnectedSocket } from '../socket/client-socket.ts';
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
  connector: connectWs,
  Socket: ConnectedSocket,
  unknown: [],
  overflow: 'pause',
  fixed: {},
});

// The entry point `corosock/client` in Node: `connect` over the WebSocket of `ws`. Browsers get
// browser.ts in its place, with the same names.

import { connectWs } from '../transport/ws/connector.ts';
import { PausedLink } from '../conversation/paused-link.ts';
import { ShownSocket } from '../socket/shown-socket.ts';
import { makeConnect } from './connect.ts';
import type { Connect } from './connect.ts';
import { NODE_OPTIONS, NODE_WIRE } from './node-options.ts';
import { isCertificateError } from '../core/tls-material.ts';

export type { EachUrl } from './attempt.ts';
export type { Connect } from './connect.ts';
export type { ConnectOptions } from './connect-options.ts';
export type { ConnectEachOptions } from './each-options.ts';
export type { RequestContext, RequestHandler } from '../requests/incoming-requests.ts';
export { RequestError } from '../requests/request-error.ts';
export { requests } from '../requests/requests.ts';
export type { Requests } from '../requests/requests.ts';
export type { RequestsOptions } from '../requests/requests-options.ts';
export type { ClientSocket } from '../socket/client-socket.ts';
export type { ReadJsonOptions } from '../socket/json-message.ts';
export { jsonOf } from '../socket/json-source.ts';
export type { ReadOptions, Socket, WriteOptions } from '../socket/socket.ts';
export { channel } from '../tasks/bounded-channel.ts';
export type { Channel, ChannelOptions, WhenFull } from '../tasks/channel.ts';
export { every } from '../tasks/every.ts';
export { select } from '../tasks/select.ts';
export type { Selectable, Selected, Taken } from '../tasks/select.ts';
export type { Clock } from '../time/clock.ts';
export type { CloseInfo } from '../core/close-info.ts';
export type { Data } from '../core/data.ts';
export { ConnectError, ConnectionLostError, MessageError, UsageError } from '../core/errors.ts';
export { source } from '../core/source.ts';
export type { Source, SourcePort } from '../core/source.ts';
export type { SchemaIssue, StandardSchema } from '../core/standard-schema.ts';
export { Status } from '../core/status.ts';
export type { ReadResult, WriteStatus } from '../core/status.ts';
export type { WaitOptions } from '../core/wait-options.ts';

/** See {@link Connect}. */
export const connect: Connect = makeConnect({
  connector: connectWs,
  Socket: ShownSocket,
  unknown: ['probe'],
  own: NODE_OPTIONS,
  overflow: 'pause',
  PausedLink,
  wire: NODE_WIRE,
  isFinal: isCertificateError,
});

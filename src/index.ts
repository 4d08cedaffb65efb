// The entry point `corosock`: serving conversations. All public names of the
// core are here; those of the test kit are in testing/.

export { attach } from './server/attach.ts';
export type { HandshakeRequest } from './server/handshake-request.ts';
export type { Handshake } from './server/handshake.ts';
export type { Host, OpenResult, ServerSocket, SharedSocket } from './server/host.ts';
export type { HostOptions } from './server/host-options.ts';
export { defineServer } from './server/servable.ts';
export type { Handler, Routes, Servable, WebSocketServer } from './server/servable.ts';
export { serve } from './server/serve.ts';
export type { ServeOptions } from './server/serve.ts';
export type { CloseHostOptions, CloseReport } from './server/close-report.ts';
export { expressSessionStore } from './session/express-session-store.ts';
export { SessionCookieError } from './session/session-cookie.ts';
export type { Session } from './session/session.ts';
export type { SessionOptions } from './session/session-options.ts';
export type { SessionStore } from './session/session-store.ts';
export type { ReadJsonOptions } from './socket/json-message.ts';
export type { ReadOptions, Socket, WriteOptions } from './socket/socket.ts';
export { channel } from './tasks/bounded-channel.ts';
export type { Channel, ChannelOptions, WhenFull } from './tasks/channel.ts';
export { every } from './tasks/every.ts';
export { select } from './tasks/select.ts';
export type { Selectable, Selected, Taken } from './tasks/select.ts';
export type { Task } from './tasks/task.ts';
export type { Clock } from './time/clock.ts';
export type { CloseInfo } from './words/close-info.ts';
export type { Data } from './words/data.ts';
export { ConnectionLostError, HandshakeOverError, MessageError, UsageError } from './words/errors.ts';
export type { HandshakeEnd } from './words/errors.ts';
export { source } from './words/source.ts';
export type { Source, SourcePort } from './words/source.ts';
export type { SchemaIssue, StandardSchema } from './words/standard-schema.ts';
export { Status } from './words/status.ts';
export type { ReadResult, WriteStatus } from './words/status.ts';
export type { WaitOptions } from './words/wait-options.ts';

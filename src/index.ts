// The entry point `corosock`: all public names for servers. Clients have client/, tests testing/.
// Nothing of this file is imported by the rooms.

export { attach } from './server/attach.ts';
export { asWs } from './server/as-ws.ts';
export type { WsView } from './server/ws-view.ts';
export type { RequestContext, RequestHandler } from './requests/incoming-requests.ts';
export { RequestError } from './requests/request-error.ts';
export { requests } from './requests/requests.ts';
export type { Requests } from './requests/requests.ts';
export type { RequestsOptions } from './requests/requests-options.ts';
export { memoryBroker } from './brokers/memory-broker.ts';
export type { BrokerFaults, MemoryBroker, MemoryBrokerOptions, MemoryNode } from './brokers/memory-broker.ts';
export type { Broker } from './hub/broker.ts';
export type { HandshakeRequest } from './handshake/handshake-request.ts';
export type { Handshake } from './handshake/handshake.ts';
export type { Host, Membership, OpenResult, Room, ServerSocket, SharedSocket } from './server/host.ts';
export type { HostOptions } from './server/host-options.ts';
export { openHub } from './server/open-hub.ts';
export type { Hub, HubOptions } from './server/open-hub.ts';
export type { ClosedReport, WhichSockets } from './server/closed-report.ts';
export type { BrokerHealth } from './hub/broker-health.ts';
export { EnvelopeError } from './hub/dropped-envelopes.ts';
export { defineServer } from './server/servable.ts';
export type {
  Created,
  Handler,
  Route,
  RouteOptions,
  Routes,
  RouteWithOptions,
  Servable,
  WebSocketServer,
} from './server/servable.ts';
export type { RouteParams } from './server/typed-routes.ts';
export { LimitError } from './server/limit-reports.ts';
export { PeerFaultsError } from './server/peer-faults.ts';
export { limitByAddress } from './server/limit-by-address.ts';
export type { KeyLimit } from './server/key-limits.ts';
export { serve } from './server/serve.ts';
export type { ServeOptions } from './server/serve.ts';
export type { CloseHostOptions, CloseReport } from './server/close-report.ts';
export type { Wait } from './server/host-waits.ts';
export { expressSessionStore } from './session/express-session-store.ts';
export { SessionCookieError } from './session/session-cookie.ts';
export type { SessionCookieOptions } from './session/cookie-options.ts';
export type {
  FrameContext,
  JoinOptions,
  MembershipOf,
  PresenceChange,
  PresenceList,
  PresenceOf,
  PublishOptions,
  PublishReport,
  RoomEvent,
  RoomOf,
  SubscribeOptions,
  Subscription,
} from './rooms/room.ts';
export type { Session, SessionEnd } from './session/session.ts';
export type { SessionOptions } from './session/session-options.ts';
export type { SessionStore } from './session/session-store.ts';
export { SessionStoreError } from './session/timed-store.ts';
export type { ReadJsonOptions } from './socket/json-message.ts';
export { jsonOf } from './socket/json-source.ts';
export type { ReadOptions, Socket, WriteOptions } from './socket/socket.ts';
export type { SocketClock } from './socket/socket-clock.ts';
export { channel } from './tasks/bounded-channel.ts';
export type { Channel, ChannelOptions, WhenFull } from './tasks/channel.ts';
export { every } from './tasks/every.ts';
export { select } from './tasks/select.ts';
export type { Selectable, Selected, Taken } from './tasks/select.ts';
export type { Task } from './tasks/task.ts';
export type { Clock } from './time/clock.ts';
export type { CloseInfo } from './core/close-info.ts';
export type { Data } from './core/data.ts';
export {
  BrokerError,
  ConnectionLostError,
  HandshakeOverError,
  MessageError,
  UsageError,
} from './core/errors.ts';
export type { HandshakeEnd } from './core/errors.ts';
export type { SchemaIssue, StandardSchema } from './core/standard-schema.ts';
export type { RateLimit } from './conversation/rate-meter.ts';
export type { CompressionOptions } from './core/compression.ts';
export type { RateWindow } from './core/rate-window.ts';
export { source } from './core/source.ts';
export type { Source, SourcePort } from './core/source.ts';
export { Status } from './core/status.ts';
export type { ReadResult, WriteStatus } from './core/status.ts';
export type { WaitOptions } from './core/wait-options.ts';

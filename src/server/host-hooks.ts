// The hooks of a host that are for logs: `onRefused`, `onOpen` and `onClose`. They change nothing,
// so what they throw ends here. host-options.ts makes them safe; the host, upgrade.ts and the test
// kit call `onRefused`, handler-run.ts the others. `onPreServer` of a host is hook-order.ts's.

import type { IncomingMessage } from 'node:http';
import type { ServerSocket } from './host.ts';
import type { PeerFaults } from './peer-faults.ts';
import { HostedSocket } from './hosted-socket.ts';
import type { SocketRun } from './hosted-socket.ts';
import type { Report, Where } from './report.ts';
import { NO_PARAMS } from './routes.ts';
import type { RouteTable } from './routes.ts';
import { hasOneHost, parseSubprotocols } from '../handshake/check-handshake.ts';
import { peerOf, UpgradeRequest } from '../handshake/handshake-request.ts';
import type { HandshakeRequest } from '../handshake/handshake-request.ts';
import type { HookAnswer, Refusal } from '../handshake/refusal.ts';
import { targetOf } from '../handshake/request-target.ts';
import type { TrustedProxies } from '../handshake/trusted-proxies.ts';
import type { CloseInfo } from '../core/close-info.ts';

type OnRefused = (
  request: HandshakeRequest | undefined,
  refusal: { readonly status: number; readonly reason: string },
) => void;

/** The hooks for logs; undefined where a host has none. */
export interface LogHooks {
  readonly onRefused: OnRefused | undefined;
  readonly onOpen: ((ws: ServerSocket) => void) | undefined;
  readonly onClose: ((ws: ServerSocket, end: CloseInfo) => void) | undefined;
}

/**
 * Makes hooks that never throw: what they throw, or reject with, is reported. That of `onRefused`
 * is limited: strangers can have it called as often as they like.
 */
export function safeLogHooks(
  { onRefused, onOpen, onClose }: LogHooks,
  report: Report,
  peerFaults: Pick<PeerFaults, 'report'>,
): LogHooks {
  const reportOf = (ws: ServerSocket, phase: string) => (error: unknown) =>
    report(error, whereOfSocket(ws, phase));
  const refusedError = (error: unknown): void =>
    peerFaults.report('onRefused has failed', { phase: 'onRefused' }, () => error);
  return {
    onRefused: onRefused && ((...args) => call(() => onRefused(...args), refusedError)),
    onOpen: onOpen && ((ws) => call(() => onOpen(ws), reportOf(ws, 'onOpen'))),
    onClose: onClose && ((ws, end) => call(() => onClose(ws, end), reportOf(ws, 'onClose'))),
  };
}

/** As of other errors of a socket. */
function whereOfSocket(ws: ServerSocket, phase: string): Where {
  const { id, route, request } = HostedSocket.runOf(ws) as SocketRun;
  return { socketId: id, route, path: request.url.pathname, phase };
}

function call(hook: () => unknown, onError: (error: unknown) => void): void {
  try {
    const done = hook();
    // An async function can be a hook, too: its rejection ends here.
    if (done !== undefined) Promise.resolve(done).catch(onError);
  } catch (error) {
    onError(error);
  }
}

/** Tells `onRefused` of one answer. */
export function tellRefused(
  { onRefused }: Pick<LogHooks, 'onRefused'>,
  request: HandshakeRequest | undefined,
  answer: Refusal | HookAnswer,
): void {
  if (onRefused === undefined) return;
  if ('status' in answer) return onRefused(request, { status: answer.status, reason: answer.text });
  onRefused(request, { status: answer.response.status, reason: 'Refused by onPreServer' });
}

/** Tells `onRefused` of requests that were refused before a {@link HandshakeRequest} was made. */
export class RefusedRequests {
  readonly #hooks: Pick<LogHooks, 'onRefused'>;
  readonly #routes: RouteTable;
  readonly #proxies: TrustedProxies | undefined;

  constructor(hooks: Pick<LogHooks, 'onRefused'>, routes: RouteTable, proxies: TrustedProxies | undefined) {
    this.#hooks = hooks;
    this.#routes = routes;
    this.#proxies = proxies;
  }

  /** @param request - undefined for bytes that are no request. @returns Whether there is a hook. */
  tell(request: IncomingMessage | undefined, refusal: Refusal): boolean {
    if (this.#hooks.onRefused === undefined) return false;
    tellRefused(this.#hooks, request && this.#readable(request), refusal);
    return true;
  }

  /** Gives what the request says; undefined without a valid target and Host: it has no URL. */
  #readable(request: IncomingMessage): HandshakeRequest | undefined {
    const target = hasOneHost(request) ? targetOf(request) : undefined;
    if (target === undefined) return undefined;
    const found = this.#routes.find(target.path);
    const params = typeof found === 'object' ? found.params : NO_PARAMS;
    const protocols = parseSubprotocols(request.headers['sec-websocket-protocol']) ?? [];
    const peer = this.#proxies?.peerOf(request.headers, peerOf(request));
    return new UpgradeRequest(
      request,
      { target, protocols },
      params,
      peer === 'contradictory' ? undefined : peer,
    );
  }
}

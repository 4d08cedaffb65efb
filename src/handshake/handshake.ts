// What `onPreServer` holds: a socket that is not open yet. admission.ts makes it, and takes from it
// what the hook has decided.

import type { HandshakeRequest } from './handshake-request.ts';
import type { Session } from '../session/session.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import { badArgument } from '../core/arguments.ts';
import { UsageError } from '../core/errors.ts';

/** A socket that is not open yet. */
export interface Handshake<Params = Readonly<Record<string, string>>, Context = unknown> {
  /** The id that the socket will have. */
  readonly id: string;
  readonly request: HandshakeRequest<Params>;
  /** In the hook of a route: what the host's `onPreServer` has returned. Otherwise undefined. */
  readonly context: Context;
  /** The session's id; undefined where the host has no sessions. */
  readonly sessionId: string | undefined;
  readonly session: Session | undefined;
  /**
   * Aborts when the client has reset or ended its side of the connection, also where the hook has
   * decided and the 101 cannot be sent; when `handshakeTimeoutMs` has passed; and when the host
   * closes.
   *
   * The reason is a HandshakeOverError, an AbortError whose `why` is 'gone', 'late' or 'closing'.
   * A client that has disconnected gets no answer; the others get 408 and 503. What the hook does
   * afterwards has no effect. For a socket that is open this never aborts: `ws.signal` does.
   */
  readonly signal: AbortSignal;
  /**
   * false: the socket lives with its handler. true: it outlives the handler and is reachable by
   * id. Can be set here only. Default false.
   */
  sharedConnection: boolean;
  /**
   * The subprotocol to answer with; setting one that was not offered is a UsageError. Default: the
   * first of the host's that was offered, or ''.
   */
  protocol: string;
  /**
   * When the client's credential ends: milliseconds since 1970, ≥ 0; undefined, or Infinity, for
   * never. Default undefined. (The `exp` of a JWT is in seconds.)
   *
   * A credential that has ended when the hook returns refuses the handshake with 401. Later its end
   * calls the server's `onExpire`, and closes the socket with the host's `expiryCode` unless
   * `ws.renew` has moved it.
   */
  expiresAt: number | undefined;
  /**
   * Extra headers of the 101 response; never the handshake's own, nor those of a body. What is set
   * after the hook has decided is not sent.
   */
  readonly responseHeaders: Headers;
}

/** What a hook has decided. */
export interface HandshakeAnswer {
  readonly sharedConnection: boolean;
  readonly protocol: string;
  readonly expiresAt: number | undefined;
  /** The extra headers of the 101, as they were when the hook decided; undefined for none. */
  readonly responseHeaders: ReadonlyArray<readonly [name: string, value: string]> | undefined;
}

/** What is known of a handshake before its hook is called. */
export interface HandshakeParts {
  /** The id of the socket; drawn when it is read. */
  readonly socketId: { readonly value: string };
  readonly request: HandshakeRequest;
  /** The subprotocol to answer with, unless the hook sets another. */
  readonly protocol: string;
}

/**
 * Headers that the opening handshake owns (RFC 6455 §4.2.2), and headers of a body, which a 101
 * never has (RFC 9112 §6.1).
 */
const OWN_HEADER = /^(?:upgrade|connection|sec-websocket-.*|content-length|transfer-encoding)$/u;

const VISIBLE = /^[\t\u0020-\u007e]*$/u;

/** A {@link Handshake} that can be changed until {@link OpenHandshake.answer}. */
export class OpenHandshake implements Handshake {
  readonly request: HandshakeRequest;
  readonly session: Session | undefined;
  readonly #socketId: HandshakeParts['socketId'];
  readonly #over: LazySignal;
  #responseHeaders: Headers | undefined;
  #sharedConnection = false;
  #protocol: string;
  #expiresAt: number | undefined;
  #context: unknown;
  #isAnswered = false;

  constructor(
    { socketId, request, protocol }: HandshakeParts,
    session: Session | undefined,
    over: LazySignal,
  ) {
    this.request = request;
    this.session = session;
    this.#socketId = socketId;
    this.#over = over;
    this.#protocol = protocol;
  }

  get id(): string {
    return this.#socketId.value;
  }

  get context(): unknown {
    return this.#context;
  }

  /** The hook of the host has let the client in. @param context - What it has returned. */
  enterRoute(context: unknown): void {
    this.#context = context;
  }

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get responseHeaders(): Headers {
    this.#responseHeaders ??= new Headers();
    return this.#responseHeaders;
  }

  get sessionId(): string | undefined {
    return this.session?.id;
  }

  get sharedConnection(): boolean {
    return this.#sharedConnection;
  }

  set sharedConnection(shared: boolean) {
    this.#refuseIfAnswered('sharedConnection');
    if (typeof shared !== 'boolean') throw badArgument('handshake.sharedConnection', 'true or false', shared);
    this.#sharedConnection = shared;
  }

  get protocol(): string {
    return this.#protocol;
  }

  set protocol(protocol: string) {
    this.#refuseIfAnswered('protocol');
    if (protocol !== '' && !this.request.protocols.includes(protocol)) {
      throw notOffered();
    }
    this.#protocol = protocol;
  }

  get expiresAt(): number | undefined {
    return this.#expiresAt;
  }

  set expiresAt(expiresAt: number | undefined) {
    this.#refuseIfAnswered('expiresAt');
    if (expiresAt !== undefined) checkExpiry('handshake.expiresAt', expiresAt);
    this.#expiresAt = expiresAt;
  }

  /**
   * Ends the time in which the handshake can be changed.
   *
   * @returns What the hook has decided.
   * @throws UsageError `COROSOCK_ARGUMENT` for a header that is the handshake's own, or not ASCII.
   */
  answer(): HandshakeAnswer {
    this.#isAnswered = true;
    // A header that is set later, while the session is stored, would be sent unchecked.
    const responseHeaders = this.#responseHeaders && [...this.#responseHeaders];
    for (const [name, value] of responseHeaders ?? []) {
      if (OWN_HEADER.test(name))
        throw badArgument('handshake.responseHeaders', "no header of the handshake's own", name);
      if (!VISIBLE.test(value)) throw unsendable(name);
    }
    const { sharedConnection, protocol, expiresAt } = this;
    return { sharedConnection, protocol, expiresAt, responseHeaders };
  }

  #refuseIfAnswered(name: string): void {
    if (this.#isAnswered) throw tooLate(`handshake.${name}`);
  }
}

/** Seconds since 1970 from 2001 to the year 5138. As milliseconds they lie before April 1973. */
const [FIRST_SECONDS, LAST_SECONDS] = [1e9, 1e11];

/**
 * Refuses what is no time of day, and seconds: the `exp` of a JWT, taken as it is, would refuse all
 * clients as expired. @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function checkExpiry(call: string, expiresAt: unknown): void {
  if (typeof expiresAt !== 'number' || !(expiresAt >= 0))
    throw badArgument(call, 'milliseconds since 1970, ≥ 0', expiresAt);
  if (expiresAt >= FIRST_SECONDS && expiresAt < LAST_SECONDS)
    throw badArgument(call, 'milliseconds since 1970, not seconds (of a JWT: exp * 1000)', expiresAt);
}

/** Shows neither what was offered nor what was set: some clients offer a token (H24). */
function notOffered(): UsageError {
  return new UsageError(
    'COROSOCK_ARGUMENT',
    "handshake.protocol: expected one of those offered, or '', got something else",
  );
}

/** Does not show the value: it may be a secret (H24). */
function unsendable(name: string): UsageError {
  return new UsageError(
    'COROSOCK_ARGUMENT',
    `handshake.responseHeaders, ${name}: expected visible ASCII, got something else`,
  );
}

/** Makes the error for what can be set in `onPreServer` only. */
export function tooLate(name: string): UsageError {
  return new UsageError(
    'COROSOCK_TOO_LATE',
    `${name}: expected to be set in onPreServer, but the 101 response is on its way`,
  );
}

// `jsonOf`: the messages of a socket, parsed and validated, as a source of `select`. It parses the
// oldest message where that lies, and takes it only when `select` takes: what is not taken stays in
// the socket. A schema may answer later; the source is ready then. `readJson` is
// message-socket.ts's.

import { checkSchema, parseJson, validateNow } from './json-message.ts';
import type { ReadJsonOptions } from './json-message.ts';
import type { Socket } from './socket.ts';
import { MessageSocket } from './message-socket.ts';
import { SocketPort } from './socket-port.ts';
import { badArgument, checkNames } from '../core/arguments.ts';
import type { Data } from '../core/data.ts';
import { isThenable, propertyOf } from '../core/object-like.ts';
import { source } from '../core/source.ts';
import type { Source, SourcePort } from '../core/source.ts';
import type { StandardSchema } from '../core/standard-schema.ts';
import type { ReadResult } from '../core/status.ts';
import { ScheduledPort } from '../time/scheduling.ts';
import type { ParkedSelects, Scheduling } from '../time/scheduling.ts';
import { Subscribers } from '../waiting/subscribers.ts';

const CALL = 'jsonOf()';
const OPTIONS: ReadonlySet<string> = new Set(['schema']);

/**
 * Makes a source of a socket's messages as JSON: `select({ move: jsonOf(ws, { schema }), tick })`.
 *
 * It gives what `readJson` would give, `closed` included. A message that is no JSON, or that the
 * schema refuses, is taken, and the `select` that takes it rejects with its MessageError. A message
 * that the `select` does not take stays in the socket, for any other read; the schema has then seen
 * it all the same. While a schema that answers later still validates, the source is not ready.
 *
 * Make it once, before a loop: each source validates for itself.
 *
 * @param options - `schema`: as in `readJson`. Default: any JSON is taken, as it is.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 *
 * Invariants: I1, I3.
 */
export function jsonOf<T = unknown>(
  ws: Socket,
  options: Pick<ReadJsonOptions<T>, 'schema'> = {},
): Source<ReadResult<T>> {
  checkNames(CALL, options, OPTIONS);
  checkSchema(CALL, options.schema);
  const port = propertyOf(ws, source);
  if (!MessageSocket.isOne(ws) || !(port instanceof SocketPort)) throw badArgument(CALL, 'a socket', ws);
  return new JsonSource(new JsonPort(ws, port, options.schema));
}

class JsonSource<T> implements Source<ReadResult<T>> {
  readonly #port: JsonPort<T>;

  constructor(port: JsonPort<T>) {
    this.#port = port;
  }

  get [source](): SourcePort<ReadResult<T>> {
    return this.#port;
  }
}

/** What has become of a message; undefined while its schema validates. */
type Outcome<T> = { readonly value: T } | { readonly error: unknown } | undefined;

/** A look at one message. A read may have cut it meanwhile: it is then looked at again. */
interface Look<T> {
  readonly message: object;
  readonly data: Data;
  outcome: Outcome<T>;
}

class JsonPort<T> extends ScheduledPort<ReadResult<T>> {
  readonly #ws: MessageSocket;
  readonly #port: SocketPort;
  readonly #schema: StandardSchema<T> | undefined;
  readonly #subscribers = new Subscribers();
  #look: Look<T> | undefined;

  constructor(ws: MessageSocket, port: SocketPort, schema: StandardSchema<T> | undefined) {
    super();
    this.#ws = ws;
    this.#port = port;
    this.#schema = schema;
  }

  get scheduling(): Scheduling {
    return this.#port.scheduling;
  }

  override get selects(): ParkedSelects | undefined {
    return this.#port.selects;
  }

  get isOver(): boolean {
    return this.#port.isOver;
  }

  get isReady(): boolean {
    if (!this.#port.ready()) return false;
    const { oldest } = this.#port;
    return oldest === undefined || this.#lookAt(oldest).outcome !== undefined;
  }

  ready(): boolean {
    return this.isReady;
  }

  take(): ReadResult<T> {
    const outcome = this.#look?.outcome;
    this.#look = undefined;
    const [, status] = this.#port.take();
    if (status !== 'ok') return [undefined, status];
    if (outcome === undefined || 'error' in outcome) throw outcome?.error;
    return [outcome.value, 'ok'];
  }

  subscribe(wake: () => void): () => void {
    const leaveSocket = this.#port.subscribe(wake);
    const leave = this.#subscribers.add(wake);
    return () => {
      leaveSocket();
      leave();
    };
  }

  /** Parses and validates a message, once. */
  #lookAt(message: { readonly data: Data }): Look<T> {
    const { data } = message;
    if (this.#look?.message === message && this.#look.data === data) return this.#look;
    const look: Look<T> = { message, data, outcome: undefined };
    this.#look = look;
    const settle = (valid: T): void => void (look.outcome = { value: valid });
    const fail = (error: unknown): void => void (look.outcome = { error });
    try {
      const value = parseJson(data, this.#ws.binaryData ? 'text' : 'refused', CALL);
      const valid = this.#schema === undefined ? (value as T) : validateNow(value, this.#schema, CALL);
      if (isThenable(valid)) void valid.then(settle, fail).then(() => this.#subscribers.wakeWhile(this));
      else settle(valid);
    } catch (error) {
      fail(error);
    }
    return look;
  }
}

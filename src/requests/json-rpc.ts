// JSON-RPC 2.0 on the wire (https://www.jsonrpc.org/specification): what a value that has come is,
// and the texts that are sent. Pure functions. requests.ts sends requests and takes replies,
// incoming-requests.ts answers.

import { badArgument } from '../core/arguments.ts';
import { stringifyJson } from '../core/json-text.ts';

/** The id of a request, as its sender chose it. */
export type RequestId = string | number | null;

/** What replies to a request: its result, its error, or neither as the specification has it. */
export type Outcome =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly code: number; readonly message: string; readonly data: unknown }
  | { readonly kind: 'neither' };

/** A call of a method. The id is undefined for a notification, which is never answered. */
export interface Call {
  readonly kind: 'call';
  readonly id: RequestId | undefined;
  readonly method: string;
  readonly params: unknown;
}

/** What has come and is neither a call nor a reply. It is answered with an error. */
export interface Fault {
  readonly kind: 'fault';
  readonly id: RequestId;
  readonly words: ErrorWords;
}

/** One value that has come. */
export type Incoming =
  | Call
  | Fault
  | { readonly kind: 'reply'; readonly id: unknown; readonly outcome: Outcome };

/** A code and text of the specification. */
export interface ErrorWords {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

const PARSE_ERROR: ErrorWords = Object.freeze({ code: -32_700, message: 'Parse error' });
const INVALID_REQUEST: ErrorWords = Object.freeze({ code: -32_600, message: 'Invalid Request' });
export const METHOD_NOT_FOUND: ErrorWords = Object.freeze({ code: -32_601, message: 'Method not found' });
export const INTERNAL_ERROR: ErrorWords = Object.freeze({ code: -32_603, message: 'Internal error' });

/** The faults of a message without an id that a reply could carry. */
export const UNPARSED: Fault = Object.freeze({ kind: 'fault', id: null, words: PARSE_ERROR });
export const INVALID: Fault = Object.freeze({ kind: 'fault', id: null, words: INVALID_REQUEST });
const NEITHER: Outcome = Object.freeze({ kind: 'neither' });

/**
 * Says what a parsed value is. A value with `method` is a call, one with `result` or `error` a
 * reply: a reply is never answered, so that two ends cannot answer each other without end.
 */
export function incomingOf(value: unknown): Incoming {
  if (!isObject(value)) return INVALID;
  if (!has(value, 'method')) return has(value, 'result') || has(value, 'error') ? replyOf(value) : INVALID;
  const { jsonrpc, method, params } = value;
  const id = has(value, 'id') ? value['id'] : undefined;
  const isValid = jsonrpc === '2.0' && typeof method === 'string' && isParams(value);
  if (id !== undefined && !isRequestId(id)) return INVALID;
  return isValid ? { kind: 'call', id, method, params } : { ...INVALID, id: id ?? null };
}

/** Writes a request; a notification where the id is undefined. @param params - JSON, or ''. */
export function callText(id: number | undefined, method: string, params: string): string {
  const tail = id === undefined ? '' : `,"id":${id}`;
  return `{"jsonrpc":"2.0","method":${JSON.stringify(method)}${params === '' ? '' : `,"params":${params}`}${tail}}`;
}

/**
 * Writes the params of a call; '' for none.
 *
 * @throws UsageError `COROSOCK_ARGUMENT` for what JSON cannot hold, or writes as neither array nor
 *   object: `toJSON` may make anything of an object, such as a Date.
 */
export function paramsText(call: string, params: unknown): string {
  if (params === undefined) return '';
  const text = stringifyJson(call, params);
  if (text.startsWith('{') || text.startsWith('[')) return text;
  throw badArgument(call, 'params to be an object or an array', params);
}

/**
 * Writes the reply to a request that has succeeded. Undefined becomes null: a reply has a result.
 *
 * @throws UsageError `COROSOCK_ARGUMENT` for what JSON cannot hold.
 */
export function resultText(id: RequestId, value: unknown, call: string): string {
  const result = value === undefined ? 'null' : stringifyJson(call, value);
  return `{"jsonrpc":"2.0","result":${result},"id":${JSON.stringify(id)}}`;
}

/** Writes the reply to a request that has failed. @throws As {@link resultText}, for `data`. */
export function errorText(id: RequestId, { code, message, data }: ErrorWords, call = 'requests()'): string {
  const more = data === undefined ? '' : `,"data":${stringifyJson(call, data)}`;
  return `{"jsonrpc":"2.0","error":{"code":${code},"message":${JSON.stringify(message)}${more}},"id":${JSON.stringify(id)}}`;
}

function replyOf(value: Readonly<Record<string, unknown>>): Incoming {
  return { kind: 'reply', id: has(value, 'id') ? value['id'] : undefined, outcome: outcomeOf(value) };
}

function outcomeOf(value: Readonly<Record<string, unknown>>): Outcome {
  const { jsonrpc, result, error } = value;
  const hasResult = has(value, 'result');
  if (jsonrpc !== '2.0' || hasResult === has(value, 'error')) return NEITHER;
  if (hasResult) return { kind: 'result', value: result };
  if (!isObject(error)) return NEITHER;
  const { code, message, data } = error;
  if (!Number.isSafeInteger(code) || typeof message !== 'string') return NEITHER;
  return { kind: 'error', code: code as number, message, data };
}

/** Params are an array or an object, or are not there. */
function isParams(value: Readonly<Record<string, unknown>>): boolean {
  if (!has(value, 'params')) return true;
  const { params } = value;
  return typeof params === 'object' && params !== null;
}

/**
 * Tells whether a reply can carry the same id. A number that a double does not hold exactly would
 * come back as another one: `9007199254740993` as `9007199254740992`, `1e400` as `null`.
 */
function isRequestId(id: unknown): id is RequestId {
  if (typeof id === 'number') return Number.isFinite(id) && Math.abs(id) <= Number.MAX_SAFE_INTEGER;
  return typeof id === 'string' || id === null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Own members only: what stands on a prototype was not sent. */
function has(value: object, name: string): boolean {
  return Object.hasOwn(value, name);
}

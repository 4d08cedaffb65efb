// Text and JSON in messages, for `readText` and `readJson` of message-socket.ts: parses and
// validates a message. A bad one is the peer's fault (MessageError, with a close code).
// core/json-text.ts writes values.

import { badArgument, checkMs, checkNames, checkSignal } from '../core/arguments.ts';
import type { Data } from '../core/data.ts';
import { MessageError } from '../core/errors.ts';
import { isThenable, propertyOf } from '../core/object-like.ts';
import { isStandardSchema, plainIssues } from '../core/standard-schema.ts';
import type { StandardSchema } from '../core/standard-schema.ts';
import type { WaitOptions } from '../core/wait-options.ts';

export interface ReadJsonOptions<T = unknown> extends WaitOptions {
  /** Validates the value; the output of the schema is read. Default: any value is read as it is. */
  readonly schema?: StandardSchema<T>;
}

const READ_JSON_OPTIONS: ReadonlySet<string> = new Set<keyof ReadJsonOptions>([
  'timeoutMs',
  'signal',
  'schema',
]);

/** Refuses options that are not {@link ReadJsonOptions}. */
export function checkReadJson(call: string, options: ReadJsonOptions): void {
  checkNames(call, options, READ_JSON_OPTIONS);
  const { timeoutMs = 0, signal, schema } = options;
  checkMs(call, 'timeoutMs', timeoutMs);
  checkSignal(call, 'signal', signal);
  checkSchema(call, schema);
}

/** Refuses what is no schema. Undefined stands for none. */
export function checkSchema(call: string, schema: unknown): void {
  if (schema !== undefined && !isStandardSchema(schema))
    throw badArgument(call, 'schema to be a Standard Schema of version 1', schema);
}

/**
 * Gives the text of a message.
 *
 * @param bytes - How to treat a binary message: `refused`, or as `text` in UTF-8.
 * @throws MessageError `COROSOCK_NOT_TEXT`, also for bytes that are not UTF-8.
 */
export function plainText(message: Data, bytes: 'refused' | 'text'): string {
  if (typeof message === 'string') return message;
  if (bytes === 'refused') throw new MessageError('COROSOCK_NOT_TEXT', [], 'ws.readText()');
  try {
    return decodeText(message);
  } catch {
    throw new MessageError('COROSOCK_NOT_TEXT', [], 'ws.readText()');
  }
}

/**
 * Parses a message as JSON.
 *
 * V8's parser does not recurse: only the size of a message bounds the depth of its value.
 *
 * @param bytes - How to treat a binary message: `refused`, or as `text` in UTF-8.
 * @throws MessageError `COROSOCK_NOT_TEXT`, `COROSOCK_NOT_JSON`. Neither has the parser's error as
 *   its cause: that quotes the message.
 */
export function parseJson(message: Data, bytes: 'refused' | 'text', call?: string): unknown {
  if (typeof message !== 'string' && bytes === 'refused')
    throw new MessageError('COROSOCK_NOT_TEXT', [], call);
  try {
    return JSON.parse(typeof message === 'string' ? message : decodeText(message)) as unknown;
  } catch {
    throw new MessageError('COROSOCK_NOT_JSON', [], call);
  }
}

/**
 * Validates a value, at once where the schema can.
 *
 * @returns The output of the schema.
 * @throws MessageError `COROSOCK_INVALID` with the schema's issues. Also for a RangeError of the
 *   schema, which a recursive schema throws for a value that is too deep. Any other error of the
 *   schema. A promise rejects with them.
 */
export function validateNow<T>(value: unknown, schema: StandardSchema<T>, call?: string): T | Promise<T> {
  const output = (result: SchemaResult<T>): T => {
    if (result.issues !== undefined)
      throw new MessageError('COROSOCK_INVALID', plainIssues(result.issues), call);
    return result.value;
  };
  let result: SchemaResult<T> | PromiseLike<SchemaResult<T>>;
  try {
    result = schema['~standard'].validate(value);
  } catch (error) {
    return output(tooDeep(error));
  }
  return isThenable(result)
    ? Promise.resolve(result).then(output, (error: unknown) => output(tooDeep(error)))
    : output(result);
}

/** Validates a value, for callers that await it anyway. @throws As {@link validateNow}. */
export async function validate<T>(value: unknown, schema: StandardSchema<T>): Promise<T> {
  return validateNow(value, schema);
}

type SchemaResult<T> = Awaited<ReturnType<StandardSchema<T>['~standard']['validate']>>;

function tooDeep(error: unknown): { readonly issues: ReadonlyArray<{ readonly message: string }> } {
  if (propertyOf(error, 'name') !== 'RangeError') throw error;
  return { issues: [{ message: 'Too deep for the schema' }] };
}

function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

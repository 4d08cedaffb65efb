// JSON in messages: what a message that was read says, and what a value is written
// as. Errors here are the peer's fault on the way in, the caller's on the way out.

import { badArgument, checkMs, checkNames, checkSignal } from '../core/arguments.ts';
import type { Data } from '../core/data.ts';
import { MessageError, UsageError } from '../core/errors.ts';
import { propertyOf } from '../core/object-like.ts';
import { isStandardSchema, plainIssues } from '../core/standard-schema.ts';
import type { StandardSchema } from '../core/standard-schema.ts';
import type { WaitOptions } from '../core/wait-options.ts';

export interface ReadJsonOptions<T = unknown> extends WaitOptions {
  /** What the value has to be; its output is what is read. Default: anything. */
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
  if (schema !== undefined && !isStandardSchema(schema))
    throw badArgument(call, 'schema to be a Standard Schema of version 1', schema);
}

/**
 * Parses a message.
 *
 * V8's parser keeps no stack of its own: the depth that a message can have is bounded
 * by its bytes alone.
 *
 * @param bytes - What bytes are: `refused`, or with `binaryData` text in UTF-8.
 * @throws MessageError `COROSOCK_NOT_TEXT`, `COROSOCK_NOT_JSON`. The parser's own error quotes the message, so that it is kept out.
 */
export function parseJson(message: Data, bytes: 'refused' | 'text'): unknown {
  if (typeof message !== 'string' && bytes === 'refused') throw new MessageError('COROSOCK_NOT_TEXT');
  try {
    return JSON.parse(typeof message === 'string' ? message : textOf(message)) as unknown;
  } catch {
    throw new MessageError('COROSOCK_NOT_JSON');
  }
}

/**
 * Validates a value.
 *
 * @returns The schema's output.
 * @throws MessageError `COROSOCK_INVALID` with the schema's issues; also for a RangeError
 *   out of it, which is how a schema that calls itself meets a value that is too deep.
 *   Whatever else the schema throws.
 */
export async function validated<T>(value: unknown, schema: StandardSchema<T>): Promise<T> {
  const result = await outcomeOf(value, schema);
  if (result.issues !== undefined) throw new MessageError('COROSOCK_INVALID', plainIssues(result.issues));
  return result.value;
}

async function outcomeOf<T>(
  value: unknown,
  schema: StandardSchema<T>,
): Promise<Awaited<ReturnType<StandardSchema<T>['~standard']['validate']>>> {
  try {
    return await schema['~standard'].validate(value);
  } catch (error) {
    if (propertyOf(error, 'name') !== 'RangeError') throw error;
    return { issues: [{ message: 'Beyond what the schema can validate' }] };
  }
}

/**
 * Writes a value as JSON.
 *
 * @throws UsageError `COROSOCK_ARGUMENT` for what JSON cannot hold: undefined, a function,
 *   a symbol, a BigInt, a cycle, what is too deep where there is a limit (from Node 26 on there
 *   is none); its `cause` is what `JSON.stringify` threw.
 */
export function jsonText(call: string, value: unknown): string {
  const text = stringified(call, value);
  if (text === undefined) throw badArgument(call, EXPECTED, value);
  return text;
}

const EXPECTED = 'a value that JSON can hold';

function stringified(call: string, value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    throw new UsageError('COROSOCK_ARGUMENT', `${call}: expected ${EXPECTED}, got one that it cannot`, {
      cause,
    });
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

// What a schema is here: the types of Standard Schema 1, which zod, valibot, arktype
// and others keep. No validator is ours, and none is a dependency.

import { isObjectLike } from './object-like.ts';

type Awaitable<T> = T | PromiseLike<T>;

/** One thing that is wrong with a value, and where. */
export interface SchemaIssue {
  readonly message: string;
  /** Keys from the value down to what is wrong; undefined where the schema does not say. */
  readonly path?: readonly PropertyKey[] | undefined;
}

/** An issue as schemas give it: libraries add to it, also the value itself. */
interface GivenIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** Standard Schema v1 (zod, valibot, arktype …), by its types alone. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
    ) => Awaitable<
      { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly GivenIssue[] }
    >;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** Tells whether something is a schema by its `~standard`; those of arktype are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if (!isObjectLike(value) || !('~standard' in value)) return false;
  const standard = value['~standard'];
  if (!isObjectLike(standard) || !('version' in standard) || !('validate' in standard)) return false;
  return standard.version === 1 && typeof standard.validate === 'function';
}

/** Takes of a schema's issues what is said of the value, in plain arrays, and leaves the value itself: errors are logged. */
export function plainIssues(issues: readonly GivenIssue[]): readonly SchemaIssue[] {
  return Array.from(issues, ({ message, path }) => ({
    message,
    path: path === undefined ? undefined : Array.from(path, keyOf),
  }));
}

function keyOf(step: PropertyKey | { readonly key: PropertyKey }): PropertyKey {
  return typeof step === 'object' ? step.key : step;
}

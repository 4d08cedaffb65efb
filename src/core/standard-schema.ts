// The types of Standard Schema 1, which zod, valibot, arktype and others implement, and what
// `readJson` needs of them. The package has no validator of its own and depends on none.

import { isObjectLike } from './object-like.ts';

type Awaitable<T> = T | PromiseLike<T>;

/** One fault of a value, and its place. */
export interface SchemaIssue {
  readonly message: string;
  /** Keys from the value down to the fault; undefined where the schema gives none. */
  readonly path?: readonly PropertyKey[] | undefined;
}

/** An issue as schemas give it. Libraries add members to it, also the value itself. */
interface GivenIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

/** A schema of Standard Schema 1 (zod, valibot, arktype …). */
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

/** Tells whether a value is a schema, by its `~standard`. Schemas of arktype are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if (!isObjectLike(value) || !('~standard' in value)) return false;
  const standard = value['~standard'];
  if (!isObjectLike(standard) || !('version' in standard) || !('validate' in standard)) return false;
  return standard.version === 1 && typeof standard.validate === 'function';
}

/** Copies message and path of issues, and never the value itself: errors are logged. */
export function plainIssues(issues: readonly GivenIssue[]): readonly SchemaIssue[] {
  return Array.from(issues, ({ message, path }) => ({
    message,
    path: path === undefined ? undefined : Array.from(path, keyOf),
  }));
}

function keyOf(step: PropertyKey | { readonly key: PropertyKey }): PropertyKey {
  return typeof step === 'object' ? step.key : step;
}

// Options as tables: a row for each option, with its default and its check. A table stands beside
// the interface of its options; names, defaults and checks are taken from it here, and
// docs/reference/options.md is made of it. The checks themselves: arguments.ts. Calls that pass a
// message (`read`, `write`, `select`, `put`, `take`) have no table: one of three options takes
// 600 ns, the same checks written out 50 ns.

/** Refuses a value with a UsageError that names the call and the option. */
export type Check = (call: string, name: string, value: unknown) => void;

/** Options that are checked and filled in; those of `Bare` have no default. */
export type Complete<Options, Bare extends keyof Options = never> = {
  readonly [Name in keyof Options]-?:
    | Exclude<Options[Name], undefined>
    | (Name extends Bare ? undefined : never);
};

/**
 * The default and the check of each option, in the order in which an error lists the names.
 *
 * A name that is missing or misspelt does not compile. An option of `Bare` has no default: where
 * it is not given, its check gets undefined.
 */
export type OptionTable<Options, Bare extends keyof Options = never> = {
  readonly [Name in keyof Options]-?: readonly [fallback: Complete<Options, Bare>[Name], check: Check];
};

type Row = readonly [fallback: unknown, check: Check];

/** Lets every value pass: the option is an object with a table of its own, or has no rule. */
export const unchecked: Check = () => {};

/** Gives the names of a table's options. */
export function namesOf(table: object): ReadonlySet<string> {
  return new Set(Object.keys(table));
}

/** Gives the defaults of a table. */
export function defaultsOf<Options, Bare extends keyof Options = never>(
  table: OptionTable<Options, Bare>,
): Complete<Options, Bare> {
  const rows = Object.entries<Row>(table);
  return Object.freeze(Object.fromEntries(rows.map(([name, [fallback]]) => [name, fallback]))) as Complete<
    Options,
    Bare
  >;
}

/**
 * Checks each value by its row.
 *
 * @param prefix - Stands before the names in errors: `heartbeat.`.
 * @throws UsageError of the check.
 */
export function checkValues<Options, Bare extends keyof Options = never>(
  call: string,
  values: Options,
  table: OptionTable<Options, Bare>,
  prefix = '',
): void {
  for (const [name, [, check]] of Object.entries<Row>(table)) {
    check(call, prefix + name, values[name as keyof Options]);
  }
}

/**
 * Fills in the defaults and checks each value. Undefined stands for an option that is not given;
 * names outside of the table are left out.
 *
 * @param prefix - Stands before the names in errors: `sessions.`.
 * @throws UsageError of a check.
 */
export function complete<Options, Bare extends keyof Options = never>(
  call: string,
  options: Options,
  table: OptionTable<Options, Bare>,
  prefix = '',
): Complete<Options, Bare> {
  const values: Record<string, unknown> = {};
  for (const [name, [fallback, check]] of Object.entries<Row>(table)) {
    const given: unknown = options[name as keyof Options];
    const value = given === undefined ? fallback : given;
    check(call, prefix + name, value);
    values[name] = value;
  }
  return values as Complete<Options, Bare>;
}

// What the compiler makes of a map of routes: the parameters of each pattern, the context of each
// hook, and the context of the host's hook. Types only; `serve` and `attach` take them, and users
// name `RouteParams`. What is matched at run time is routes.ts's.
//
// Both have one signature: of several overloads TypeScript explains the last, and shows mistakes of
// the first that are none. spec/house/compiler-messages.spec.ts holds what it says.

import type { Handshake } from '../handshake/handshake.ts';
import type { AnyParams, Awaitable, Handler, RouteOptions, WebSocketServer } from './servable.ts';

/**
 * Parameters of a pattern of path-to-regexp 9: `RouteParams<'/chat/:room{/*rest}'>` is `{ readonly
 * room: string; readonly rest?: string }`. Of a pattern that is not known when it is compiled, any.
 */
export type RouteParams<Pattern> = Pattern extends string
  ? string extends Pattern
    ? AnyParams
    : ParamsIn<Pattern>
  : AnyParams;

/** Walks over a pattern, letter by letter; `Groups` has an entry for each open brace. */
type ParamsIn<
  Rest extends string,
  Groups extends readonly unknown[] = [],
  Required extends string = never,
  Optional extends string = never,
> = Rest extends `\\${infer _}${infer Next}`
  ? ParamsIn<Next, Groups, Required, Optional>
  : Rest extends `{${infer Next}`
    ? ParamsIn<Next, [...Groups, unknown], Required, Optional>
    : Rest extends `}${infer Next}`
      ? ParamsIn<Next, OuterGroups<Groups>, Required, Optional>
      : Rest extends `${':' | '*'}"${infer Name}"${infer Next}`
        ? WithParam<Name, Next, Groups, Required, Optional>
        : Rest extends `${':' | '*'}${infer Next}`
          ? ParamsFrom<'', Next, Groups, Required, Optional>
          : Rest extends `${infer _}${infer Next}`
            ? ParamsIn<Next, Groups, Required, Optional>
            : Named<Required, Optional>;

/** Takes the letters of a name, up to one that cannot be in it. */
type ParamsFrom<
  Name extends string,
  Rest extends string,
  Groups extends readonly unknown[],
  Required extends string,
  Optional extends string,
> = Rest extends `${infer Letter}${infer Next}`
  ? Letter extends Delimiter
    ? WithParam<Name, Rest, Groups, Required, Optional>
    : ParamsFrom<`${Name}${Letter}`, Next, Groups, Required, Optional>
  : WithParam<Name, '', Groups, Required, Optional>;

type WithParam<
  Name extends string,
  Rest extends string,
  Groups extends readonly unknown[],
  Required extends string,
  Optional extends string,
> = Groups extends readonly []
  ? ParamsIn<Rest, Groups, Required | Name, Optional>
  : ParamsIn<Rest, Groups, Required, Optional | Name>;

type OuterGroups<Groups extends readonly unknown[]> = Groups extends readonly [unknown, ...infer Outer]
  ? Outer
  : [];

type Named<Required extends string, Optional extends string> = [Optional] extends [never]
  ? { readonly [Name in Required]: string }
  : Flat<{ readonly [Name in Required]: string } & { readonly [Name in Optional]?: string }>;

type Flat<T> = { [Name in keyof T]: T[Name] };

/** What is in ASCII, and in no name of JavaScript. */
type Delimiter =
  | ('!' | '"' | '#' | '%' | '&' | "'" | '(' | ')' | '*' | '+' | ',' | '-' | '.' | '/' | ' ')
  | (':' | ';' | '<' | '=' | '>' | '?' | '@' | '[' | '\\' | ']' | '^' | '`' | '{' | '|' | '}' | '~');

/** A context that the compiler does not know is any: it could be no argument of a handler else. */
// oxlint-disable-next-line typescript/no-explicit-any -- see above
type ContextOf<Context> = unknown extends Context ? any : Context;

/** A server whose handler is compared strictly. */
type StrictServer<Context, Params, HostContext> = Omit<
  WebSocketServer<Context, Params, HostContext>,
  'server'
> & { readonly server: Handler<Context, Params> };

/**
 * A server whose context is what its hook returns. TypeScript sorts by name, and explains the last
 * that has a key in common: the name comes after `RouteMap`.
 */
type ServerWithHooks<Context, Params, HostContext> = Omit<
  StrictServer<ContextOf<Context>, Params, HostContext>,
  'onPreServer'
> & {
  onPreServer?(handshake: Handshake<Params, HostContext>): Awaitable<Context | Response | false>;
};

/** A class; one whose constructor takes arguments is made by `create`. */
interface ClassWithoutArguments<Params, HostContext> {
  // oxlint-disable-next-line typescript/no-explicit-any -- as in servable.ts
  new (): StrictServer<any, Params, HostContext>;
}

/** What can be served under one pattern. A class states its context itself. */
/* oxlint-disable typescript/no-explicit-any -- as in servable.ts */
type RoutedServable<Context, Params, HostContext> =
  | Handler<HostContext, Params>
  | ServerWithHooks<Context, Params, HostContext>
  | ClassWithoutArguments<Params, HostContext>
  | { create(): Awaitable<StrictServer<any, Params, HostContext>> };
/* oxlint-enable typescript/no-explicit-any */

/** What is served under one pattern, or under every path. */
export type TypedRoute<Context, Params, HostContext> =
  | {
      readonly serve: RoutedServable<Context, Params, ContextOf<HostContext>>;
      readonly options: RouteOptions;
      // Options beside `server` are refused by this.
      readonly server?: never;
    }
  | RoutedServable<Context, Params, ContextOf<HostContext>>;

/**
 * A map of routes; `Contexts` has the context of each hook by pattern. `Pattern` gives the names
 * where TypeScript infers no contexts. Functions have `apply`: none is an empty map.
 */
export type RouteMap<Pattern extends string, Contexts, HostContext> = {
  readonly [Name in Pattern]: unknown;
} & { readonly apply?: never } & {
  readonly [Name in keyof Contexts]: IsPattern<Name> extends true
    ? TypedRoute<Contexts[Name], RouteParams<Name>, HostContext>
    : 'fits no server, and is no pattern: a pattern begins with /';
};

/** Also what is not known when it is compiled. */
type IsPattern<Name> = Name extends `/${string}` ? true : string extends Name ? true : false;

/** One server for every path. */
export type LoneRoute<Context, HostContext> = TypedRoute<Context, AnyParams, HostContext>;

/** The options of a host, whose hook gives a context. */
export type WithHostHook<Options, HostContext> = Omit<Options, 'onPreServer'> & {
  /** See `HostOptions`. */
  readonly onPreServer?: (handshake: Handshake) => Awaitable<HostContext | Response | false>;
};

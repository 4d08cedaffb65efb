// What one attempt to connect is made of: its URL and its settings. Where the user gives functions
// for the URL, the protocols or the headers, they are called before each attempt, so that tokens
// are fresh. `connect.ts` calls it, and passes the result to `open-client.ts`.

import { clientSettings } from './connect-options.ts';
import type { ClientPlatform, ClientSettings, ConnectOptions, ValueOptions } from './connect-options.ts';
import { abortable } from '../waiting/abortable.ts';
import { badArgument } from '../core/arguments.ts';
import { noop } from '../core/noop.ts';
import { propertyOf } from '../core/object-like.ts';
import { showCaller } from '../core/stack-trace.ts';
import type { StackTrace } from '../core/stack-trace.ts';

/** A URL, or a function that gives one for each attempt, so that a token in it is fresh. */
export type EachUrl = string | URL | (() => string | URL | PromiseLike<string | URL>);

export interface Attempt {
  /** `ws:` or `wss:`, without a fragment. */
  readonly url: URL;
  readonly settings: ClientSettings;
}

/** What a caller has passed, for as many attempts as are made. */
export interface Attempts {
  /** Without what functions give. */
  readonly settings: ClientSettings;
  /** The same attempt each time, or what calls the functions and checks what they give. */
  readonly next: Attempt | (() => Promise<Attempt>);
}

/** Options that may be functions. */
const ASKED = ['headers', 'protocols'] as const;

/**
 * Checks what a caller has passed.
 *
 * @param call - Named in errors.
 * @param trace - Of the line that has called it.
 * @throws UsageError `COROSOCK_ARGUMENT`.
 */
export function attemptsOf(
  call: string,
  url: unknown,
  options: ConnectOptions,
  platform: ClientPlatform,
  trace: StackTrace,
): Attempts {
  const asked = ASKED.filter((name) => typeof propertyOf(options, name) === 'function');
  const none = Object.fromEntries(asked.map((name) => [name, undefined]));
  const values = asked.length === 0 ? options : { ...options, ...none };
  const settings = clientSettings(call, values as ValueOptions, platform, trace);
  const ask = typeof url === 'function' ? (url as () => unknown) : undefined;
  if (asked.length === 0 && ask === undefined)
    return { settings, next: { url: clientUrl(call, url), settings } };
  if (ask === undefined) clientUrl(call, url);
  const next = async (): Promise<Attempt> => {
    const target = ask === undefined ? url : await ask();
    const answers: Record<string, unknown> = {};
    for (const name of asked) answers[name] = await (options[name] as () => unknown)();
    try {
      for (const name of asked) checkAnswer(call, name, answers[name]);
      const given = { ...options, ...answers } as ValueOptions;
      return {
        url: clientUrl(call, target),
        settings: asked.length === 0 ? settings : clientSettings(call, given, platform, trace),
      };
    } catch (error) {
      throw showCaller(error as Error, trace);
    }
  };
  return { settings, next };
}

/** Waits for the next attempt, until the signal aborts. */
export async function nextAttempt({ next }: Attempts, signal: AbortSignal | undefined): Promise<Attempt> {
  if (typeof next !== 'function') return next;
  if (signal === undefined) return next();
  return abortable(signal, (settle, fail) => {
    next().then(settle, fail);
    return noop;
  });
}

/** Undefined stands for "not given" among options: a function that forgets to return gives it. */
function checkAnswer(call: string, name: string, value: unknown): void {
  if (value === undefined) throw badArgument(call, `the function for ${name} to return them`, value);
}

/**
 * Checks a URL and gives its WebSocket form: `ws:` for `http:`, `wss:` for `https:`.
 *
 * @param call - Named in errors. They show neither the query nor the user of a URL, where tokens
 *   are.
 * @throws UsageError `COROSOCK_ARGUMENT` for another scheme, a fragment (RFC 6455 §3), or no
 *   absolute URL.
 */
export function clientUrl(call: string, url: unknown): URL {
  const text = url instanceof URL ? url.href : url;
  if (typeof text !== 'string') throw badArgument(call, 'url to be a string or a URL', url);
  if (!URL.canParse(text)) throw badArgument(call, 'url to be an absolute URL', withoutSecrets(text));
  const scheme = /^\w[\w+.-]*:/.exec(text.trim())?.[0] ?? '';
  if (!/^(?:ws|http)s?:$/i.test(scheme))
    throw badArgument(call, 'url to begin with ws:, wss:, http: or https:', scheme);
  const parsed = new URL(text);
  if (text.includes('#')) throw badArgument(call, 'url to have no fragment', '#');
  parsed.protocol = parsed.protocol.replace('http', 'ws');
  return parsed;
}

/** Leaves out the query, the fragment, and the user with the password. */
function withoutSecrets(text: string): string {
  return text.replace(/[?#][^]*$/, '').replace(/^[^]*@/, '');
}

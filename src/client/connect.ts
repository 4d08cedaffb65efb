// `connect` and `connect.each`, the same in Node and in browsers: their docstrings. The entry
// points `index.ts` and `browser.ts` call `makeConnect`; it calls `attempt.ts`, which checks
// arguments, `open-client.ts` and `reconnection.ts`.

import { attemptsOf, nextAttempt } from './attempt.ts';
import type { EachUrl } from './attempt.ts';
import type { ClientPlatform, ConnectOptions } from './connect-options.ts';
import { eachSettings } from './each-options.ts';
import type { ConnectEachOptions } from './each-options.ts';
import { openClient } from './open-client.ts';
import type { ClientParts } from './open-client.ts';
import { Reconnection } from './reconnection.ts';
import type { ClientSocket, ConnectedSocket } from '../socket/client-socket.ts';
import { rejected, unattended } from '../waiting/abortable.ts';
import { badArgument } from '../core/arguments.ts';
import { traceOf } from '../core/stack-trace.ts';

export interface Connect {
  /**
   * Opens a conversation with a server.
   *
   * Messages that the server sends before the first read are kept. Redirects are not followed.
   * `await using` closes the socket at the end of its scope.
   *
   * @param url - `ws:`, `wss:`, `http:` (as `ws:`) or `https:` (as `wss:`), without a fragment.
   * @returns The socket, once the server has accepted.
   * @throws ConnectError when the server refuses, does not answer or speaks none of the
   *   `protocols`, or when `timeoutMs` is over. It has the status, header lines and beginning of
   *   the body of the HTTP answer, if there was one; in a browser never. Its stack leads to the
   *   caller. What a function among the options throws. UsageError `COROSOCK_ARGUMENT`; the
   *   signal's reason when it aborts; the error of node:http for an agent of the other scheme. No
   *   socket, timer or listener is left.
   */
  (url: string | URL, options?: ConnectOptions): Promise<ClientSocket>;

  /**
   * Opens one conversation after another: `for await (const ws of connect.each(url))`.
   *
   * When a round of the loop ends, its socket is closed with 1000 if it is still open. After a
   * wait there is a new one. The first attempt comes at once. The waits are random, from
   * `minDelayMs` to a ceiling that doubles with each attempt up to `maxDelayMs`. They begin again
   * at the lowest ceiling after a connection that lived for `steadyAfterMs`. Leaving the loop
   * closes the open socket. Only one `next` may wait at a time.
   *
   * A wait is at least as long as the server asks, up to an hour: by `Retry-After`, or by
   * `retry-after=SECONDS` in the reason of a close with 1012 or 1013. A page that becomes visible
   * or comes online cuts the rest of a wait short, and `probe` asks whether an open link is alive.
   *
   * In the loop read with `ws.read` or `ws.readMessage`: a `for await` over the socket throws at an
   * end that is not clean, and that error leaves this loop, too.
   *
   * @param url - As for `connect`, or a function that is called before each attempt. If it throws,
   *   the iteration ends with that error; a ConnectError counts as one of the server.
   * @throws What `isFinal` calls final. Where it does not decide: ConnectError with status 400,
   *   401, 403 or 404, or for a certificate, and ConnectionLostError for the close codes 1002, 1003
   *   and 1007 to 1010 of either end: another attempt would end in the same way. The signal's
   *   reason when it aborts. UsageError `COROSOCK_ARGUMENT`, at once for wrong arguments;
   *   `COROSOCK_CONCURRENT_NEXT`.
   */
  each(url: EachUrl, options?: ConnectEachOptions): AsyncIterableIterator<ClientSocket>;
}

/** Frames of the caller's stack in an error. */
const FRAMES = 10;

/** Makes `connect` for the platform that it runs on. */
export function makeConnect(platform: ClientParts & ClientPlatform): Connect {
  const connect = (url: string | URL, options: ConnectOptions = {}): Promise<ClientSocket> => {
    const call = 'connect()';
    try {
      if (typeof url === 'function') throw badArgument(call, 'url to be a string or a URL', url);
      const attempts = attemptsOf(call, url, options, platform, traceOf(FRAMES, connect));
      const { next, settings } = attempts;
      if (typeof next !== 'function') return openClient(platform, next);
      return unattended(
        nextAttempt(attempts, settings.signal).then((attempt) => openClient(platform, attempt)),
      );
    } catch (error) {
      return rejected(error);
    }
  };
  const each = (url: EachUrl, options: ConnectEachOptions = {}): AsyncIterableIterator<ClientSocket> => {
    const call = 'connect.each()';
    const own = eachSettings(call, options, platform);
    const attempts = attemptsOf(call, url, own.rest, platform, traceOf(FRAMES, each));
    const open = async (signal: AbortSignal): Promise<ConnectedSocket> => {
      const { settings, ...attempt } = await nextAttempt(attempts, signal);
      return openClient(platform, { ...attempt, settings: { ...settings, signal } });
    };
    return new Reconnection(open, attempts.settings, own.each, platform);
  };
  return Object.assign(connect, { each });
}

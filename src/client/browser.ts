// The entry point `corosock/client` in browsers, over the WebSocket that they have. It imports
// nothing of Node. A page cannot pause a link: a full queue closes with 1008 instead. `index.ts` is
// the entry point in Node.

import { makeConnect } from './connect.ts';
import type { Connect } from './connect.ts';
import { ConnectedSocket } from '../socket/client-socket.ts';
import { rejected } from '../waiting/abortable.ts';
import { connectInBrowser } from '../transport/browser/connector.ts';
import { isBrowserCloseCode } from '../transport/browser/transport.ts';
import { show } from '../core/arguments.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { UsageError } from '../core/errors.ts';

export type { EachUrl } from './attempt.ts';
export type { Connect } from './connect.ts';
export type { ConnectOptions } from './connect-options.ts';
export type { ConnectEachOptions } from './each-options.ts';
export type { RequestContext, RequestHandler } from '../requests/incoming-requests.ts';
export { RequestError } from '../requests/request-error.ts';
export { requests } from '../requests/requests.ts';
export type { Requests } from '../requests/requests.ts';
export type { RequestsOptions } from '../requests/requests-options.ts';
export type { ClientSocket } from '../socket/client-socket.ts';
export type { ReadJsonOptions } from '../socket/json-message.ts';
export { jsonOf } from '../socket/json-source.ts';
export type { ReadOptions, Socket, WriteOptions } from '../socket/socket.ts';
export { channel } from '../tasks/bounded-channel.ts';
export type { Channel, ChannelOptions, WhenFull } from '../tasks/channel.ts';
export { every } from '../tasks/every.ts';
export { select } from '../tasks/select.ts';
export type { Selectable, Selected, Taken } from '../tasks/select.ts';
export type { Clock } from '../time/clock.ts';
export type { CloseInfo } from '../core/close-info.ts';
export type { Data } from '../core/data.ts';
export { ConnectError, ConnectionLostError, MessageError, UsageError } from '../core/errors.ts';
export { source } from '../core/source.ts';
export type { Source, SourcePort } from '../core/source.ts';
export type { SchemaIssue, StandardSchema } from '../core/standard-schema.ts';
export { Status } from '../core/status.ts';
export type { ReadResult, WriteStatus } from '../core/status.ts';
export type { WaitOptions } from '../core/wait-options.ts';

/** A client's socket in a browser: `close` refuses the codes that a browser refuses. */
class BrowserSocket extends ConnectedSocket {
  override close(code = 1000, reason = ''): Promise<CloseInfo> {
    if (isBrowserCloseCode(code)) return super.close(code, reason);
    return rejected(
      new UsageError(
        'COROSOCK_CLOSE_CODE',
        `ws.close(): expected a close code that a page may send, 1000 or 3000–4999, got ${show(code)}`,
      ),
    );
  }
}

/** The part of a page that is used here. A worker has no document, and React Native no events. */
interface Page {
  readonly document?: Partial<Listenable> & { readonly visibilityState: string };
}
interface Listenable {
  addEventListener(name: string, listener: () => void): void;
  removeEventListener(name: string, listener: () => void): void;
}

/** Calls back whenever the page wakes. @returns Stops that, and leaves no listener. */
function watchWakes(onWake: () => void): () => void {
  const page = globalThis as unknown as Page & Partial<Listenable>;
  const { document } = page;
  const onVisible = (): void => {
    if (document?.visibilityState === 'visible') onWake();
  };
  page.addEventListener?.('online', onWake);
  document?.addEventListener?.('visibilitychange', onVisible);
  return () => {
    page.removeEventListener?.('online', onWake);
    document?.removeEventListener?.('visibilitychange', onVisible);
  };
}

/** See {@link Connect}. */
export const connect: Connect = makeConnect({
  connector: connectInBrowser,
  Socket: BrowserSocket,
  unknown: [],
  own: {},
  overflow: 'close',
  watchWakes,
});

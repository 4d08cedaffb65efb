// Lets the page see what a handler's reads do, without a word of it in the
// handlers. A visit has two sockets under one name: the conversation, and one on
// `/watch/:visit` that is told when a read begins, how it ends, and when the
// handler has left. Handlers get their socket in a wrapping that reports here;
// the page puts reports and messages in order again (page/in-order.js).

import type { CloseInfo, Handler, ReadOptions, ReadResult, ServerSocket, WriteStatus } from 'corosock';

/** One thing that a handler's conversation came to. */
export type Sighting =
  | { readonly kind: 'waiting'; readonly line: number | undefined; readonly timeoutMs: number | undefined }
  | { readonly kind: 'ok'; readonly length: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'closed'; readonly code: number; readonly by: CloseInfo['by'] }
  | { readonly kind: 'left'; readonly threw: boolean };

/** What the page is sent: first that it may begin, then each sighting with how many messages had gone out before it. */
export type Report = { readonly kind: 'watching' } | (Sighting & { readonly written: number });

type Read = (lenOrOptions?: number | ReadOptions, timeoutMs?: number) => Promise<ReadResult>;

/** The visits being watched, by name. */
export class ReadWatch {
  readonly #watchers = new Map<string, ServerSocket>();

  /** Serves `/watch/:visit`: the page listens here before it begins the conversation. */
  readonly watch: Handler = async (ws) => {
    const visit = visitOf(ws);
    this.#watchers.set(visit, ws);
    await send(ws, { kind: 'watching' });
    await ws.closed;
    this.#watchers.delete(visit);
  };

  /** The same handler for `/…/:visit`, reporting to whoever watches the visit. */
  watched(handler: Handler): Handler {
    return async (ws) => {
      const watcher = this.#watchers.get(visitOf(ws));
      if (watcher === undefined) return handler(ws);

      let written = 0;
      const tell = (sighting: Sighting): void => void send(watcher, { ...sighting, written });
      const onWrite = (): void => {
        written += 1;
      };
      let threw = true;
      try {
        await handler(wrap(ws, tell, onWrite));
        threw = false;
      } finally {
        tell({ kind: 'left', threw });
      }
    };
  }
}

/** The socket as it is, but for `read` and `write`, which also report. */
function wrap(ws: ServerSocket, tell: (sighting: Sighting) => void, onWrite: () => void): ServerSocket {
  const read: Read = async (lenOrOptions, timeoutMs) => {
    const longest = typeof lenOrOptions === 'object' ? lenOrOptions.timeoutMs : timeoutMs;
    tell({ kind: 'waiting', line: callersLine(), timeoutMs: longest });
    const result = await (ws.read as Read).call(ws, lenOrOptions, timeoutMs);
    tell(outcome(result, ws.closeInfo));
    return result;
  };
  const write: ServerSocket['write'] = async (data, options) => {
    const status = await ws.write(data, options);
    if (status === 'ok') onWrite();
    return status;
  };
  return new Proxy(ws, {
    get(target, key): unknown {
      if (key === 'read') return read;
      if (key === 'write') return write;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}

function outcome([data, status]: ReadResult, closeInfo: CloseInfo | undefined): Sighting {
  switch (status) {
    case 'ok':
      return { kind: 'ok', length: data.length };
    case 'timeout':
      return { kind: 'timeout' };
    case 'closed':
      return { kind: 'closed', code: closeInfo?.code ?? 1006, by: closeInfo?.by ?? 'link' };
  }
}

/** The line of the handler's source that called us: from the stack, which tells it where source maps are on. */
function callersLine(): number | undefined {
  const line = /handlers\/[\w-]+\.ts:(\d+)/.exec(new Error().stack ?? '')?.[1];
  return line === undefined ? undefined : Number(line);
}

function visitOf(ws: ServerSocket): string {
  return ws.request.params['visit'] ?? '';
}

/** A page that takes nothing misses reports; they do not pile up. */
function send(watcher: ServerSocket, report: Report): Promise<WriteStatus> {
  return watcher.write(JSON.stringify(report), { timeoutMs: 0 });
}

// A socket whose handler has made a view of it, and what the view emits. For specs of `asWs`.

import { asWs } from 'corosock';
import type { WsView } from 'corosock';
import { MemoryHost } from '../fixtures/memory-host.ts';
import type { MemoryVisit, Sharing } from '../fixtures/memory-host.ts';

export interface ViewedSocket extends MemoryVisit {
  readonly memory: MemoryHost;
  readonly view: WsView;
}

/** A socket whose handler has made a view of it, and waits for the end. */
export function viewed(options = {}, sharing: Sharing = 'dedicated'): ViewedSocket {
  const memory = new MemoryHost(options);
  const views: WsView[] = [];
  const visit = memory.visit(async (ws) => {
    views.push(asWs(ws));
    await ws.closed;
  }, sharing);
  return { ...visit, memory, view: views[0] as WsView };
}

/** All that a view emits, in order. */
export function recorded(view: WsView): unknown[] {
  const events: unknown[] = [];
  for (const event of ['message', 'close', 'error', 'ping', 'pong'] as const) {
    view.on(event, (...values: readonly unknown[]) => void events.push([event, ...values]));
  }
  return events;
}

/** The texts that a view emits. */
export function texts(view: WsView): string[] {
  const heard: string[] = [];
  view.on('message', (data: Buffer) => void heard.push(String(data)));
  return heard;
}

// `requests` over a link whose far end is the spec: the spec sends what a peer would send, and sees
// what is sent to the peer, as parsed JSON.

import { requests } from 'corosock';
import type { Requests, RequestsOptions } from 'corosock';
import { settle } from 'corosock/testing';
import { HEARS_NOTHING, scripted, ScriptedTransport } from '../conversation/scripted-transport.ts';
import type { ScriptedConversation } from '../conversation/scripted-transport.ts';
import type { ConversationSettings } from '../../src/conversation/conversation.ts';

export interface ScriptedRpc extends ScriptedConversation {
  readonly rpc: Requests;
  /** All that was sent since the last call, parsed. */
  sent(): readonly unknown[];
  /** The peer sends these values as one message each. Runs what is ready then. */
  peer(...values: readonly unknown[]): Promise<void>;
  /** What was reported to the host, as `phase: error`. */
  readonly reports: readonly string[];
}

/** Speaks JSON-RPC over a scripted link of a host. */
export function scriptedRpc(
  options: RequestsOptions = {},
  settings: Partial<ConversationSettings> = {},
): ScriptedRpc {
  const scene = scripted(settings, new ScriptedTransport());
  const reports: string[] = [];
  const report = (error: unknown, phase: string): void => void reports.push(`${phase}: ${String(error)}`);
  scene.conversation.listen({
    ...HEARS_NOTHING,
    report,
    reportFault: (_, phase, makeError) => report(makeError(), phase),
  });
  const rpc = requests(scene.ws, options);
  let seen = 0;
  return {
    ...scene,
    rpc,
    reports,
    sent: () => {
      const texts = scene.link.sentData.slice(seen);
      seen += texts.length;
      return texts.map((text): unknown => JSON.parse(String(text)));
    },
    peer: async (...values) => {
      scene.link.arrive(...values.map((value) => JSON.stringify(value)));
      await settle();
    },
  };
}

/** A call as it is on the wire. */
export const call = (method: string, id?: unknown, params?: unknown): object => ({
  jsonrpc: '2.0',
  method,
  params,
  id,
});

/** A reply as it is on the wire. */
export const result = (id: unknown, value: unknown): object => ({ jsonrpc: '2.0', result: value, id });
export const failure = (id: unknown, code: number, message: string, data?: unknown): object => ({
  jsonrpc: '2.0',
  error: { code, message, data },
  id,
});

// Which subscriptions count as refused, and in which groups they are asked for, over a connection
// that the spec plays.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { NatsConnection } from 'corosock/nats';
import { NatsSubscriptions } from '../../src/nats/nats-subscriptions.ts';

const TOO_MANY = new Error('maximum subscriptions exceeded');
const NOT_PERMITTED = new Error('Permissions Violation for Subscription to "x"');

type Callback = Parameters<NatsConnection['subscribe']>[1]['callback'];

/** Subscriptions over a connection whose `PONG`s come from the spec, and what they do. */
function played() {
  /** What the server has got, and what the listener. */
  const calls: string[] = [];
  const callbacks = new Map<string, Callback>();
  const pings: Array<{ answer(): void; lose(error: Error): void }> = [];
  const addressOf = (subject: string): string => Buffer.from(subject.slice(2), 'base64url').toString();
  const connection = {
    subscribe(subject: string, { callback }: { readonly callback: Callback }) {
      const address = addressOf(subject);
      calls.push(`SUB ${address}`);
      callbacks.set(address, callback);
      return { unsubscribe: () => void calls.push(`UNSUB ${address}`) };
    },
    flush: () => {
      calls.push('PING');
      return new Promise<void>((answer, lose) => pings.push({ answer, lose }));
    },
  } as unknown as NatsConnection;
  const subscriptions = new NatsSubscriptions('p', {
    received: (address, bytes) => void calls.push(`${address}: ${bytes.length} bytes`),
    refused: (address, error) => void calls.push(`${address}: ${String(error)}`),
  });
  return {
    calls,
    subscriptions,
    callbacks,
    ask: (...addresses: readonly string[]) => {
      const asked = subscriptions.subscribe(connection, addresses);
      asked.then(
        () => calls.push(`${addresses.join(' ')} settled`),
        () => calls.push(`${addresses.join(' ')} lost`),
      );
      return nextTurn();
    },
    /** The oldest `PONG`. @param errors - Told before it is read. */
    async pong(...errors: readonly Error[]): Promise<void> {
      pings.shift()?.answer();
      // The client's listeners hear of errors some microtasks after the `PONG`.
      await Promise.resolve();
      for (const error of errors) subscriptions.isRefusal(error);
      await nextTurn();
      await nextTurn();
    },
    async loseLink(): Promise<void> {
      subscriptions.lost();
      for (const { lose } of pings.splice(0)) lose(new Error('lost'));
      await nextTurn();
    },
  };
}

describe('NatsSubscriptions', () => {
  it('asks for one group at a time; what comes meanwhile is the next one', async () => {
    const { ask, calls, pong } = played();
    await ask('a', 'b');
    await ask('c');
    await ask('d');
    expect(calls.splice(0)).toEqual(['SUB a', 'SUB b', 'PING']);
    await pong();
    expect(calls.splice(0)).toEqual(['SUB c', 'SUB d', 'PING', 'a b settled']);
    await pong();
    expect(calls).toEqual(['c settled', 'd settled']);
  });

  it('does not ask for what has ended before its group', async () => {
    const { ask, calls, pong, subscriptions } = played();
    await ask('a');
    await ask('b', 'c');
    subscriptions.unsubscribe('b');
    await pong();
    expect(calls).toEqual(['SUB a', 'PING', 'SUB c', 'PING', 'a settled']);
  });

  it('takes as many at the end of a group as refused as there are errors of the limit', async () => {
    const { ask, calls, pong } = played();
    await ask('a', 'b');
    await pong();
    await ask('c', 'd', 'e');
    calls.length = 0;
    await pong(TOO_MANY, TOO_MANY);
    expect(calls).toEqual(['UNSUB d', `d: ${TOO_MANY}`, 'UNSUB e', `e: ${TOO_MANY}`, 'c d e settled']);
  });

  it('counts neither those that the server has named, nor those that have ended', async () => {
    const { ask, calls, callbacks, pong, subscriptions } = played();
    await ask('a', 'b', 'c', 'd');
    callbacks.get('c')?.(NOT_PERMITTED, { data: new Uint8Array(0) });
    subscriptions.unsubscribe('d');
    calls.length = 0;
    await pong(NOT_PERMITTED, TOO_MANY);
    expect(calls).toEqual(['UNSUB b', `b: ${TOO_MANY}`, 'a b c d settled']);
  });

  it('refuses no more than it has asked for: the caller may subscribe, too', async () => {
    const { ask, calls, pong, subscriptions } = played();
    await ask('a');
    await pong();
    subscriptions.isRefusal(TOO_MANY);
    await ask('b');
    calls.length = 0;
    await pong(TOO_MANY, TOO_MANY, TOO_MANY);
    expect(calls).toEqual(['UNSUB b', `b: ${TOO_MANY}`, 'b settled']);
  });

  it('has in its first group after a reconnect what the client has sent again', async () => {
    const { ask, calls, loseLink, pong } = played();
    await ask('a', 'b');
    await pong();
    await loseLink();
    calls.length = 0;
    await ask('a', 'b', 'c');
    await pong(TOO_MANY, TOO_MANY);
    expect(calls.splice(0)).toEqual([
      'SUB c',
      'PING',
      'UNSUB b',
      `b: ${TOO_MANY}`,
      'UNSUB c',
      `c: ${TOO_MANY}`,
      'a b c settled',
    ]);
    await ask('d');
    await pong(TOO_MANY, TOO_MANY);
    expect(calls).toEqual(['SUB d', 'PING', 'UNSUB d', `d: ${TOO_MANY}`, 'd settled']);
  });

  it('asks for no group that has waited under a link that is lost', async () => {
    const { ask, calls, loseLink, pong } = played();
    await ask('a');
    await ask('b');
    await loseLink();
    expect(calls.splice(0)).toEqual(['SUB a', 'PING', 'a lost', 'b settled']);
    await ask('a', 'c');
    await pong();
    expect(calls).toEqual(['SUB c', 'PING', 'a c settled']);
  });

  it('ignores what comes with an answer whose link is lost within the turn', async () => {
    const { ask, calls, pong, subscriptions } = played();
    await ask('a');
    calls.length = 0;
    const answered = pong(TOO_MANY);
    await Promise.resolve();
    subscriptions.lost();
    await answered;
    expect(calls).toEqual(['a settled']);
  });

  it('gives messages, and tells of a refusal that comes later', async () => {
    const { ask, calls, callbacks, pong } = played();
    await ask('a');
    await pong();
    calls.length = 0;
    callbacks.get('a')?.(null, { data: new Uint8Array(3) });
    callbacks.get('a')?.(NOT_PERMITTED, { data: new Uint8Array(0) });
    await ask('a');
    expect(calls).toEqual(['a: 3 bytes', `a: ${NOT_PERMITTED}`, 'SUB a', 'PING']);
  });

  it.each([
    ['a refusal', TOO_MANY, true],
    ['a refusal', NOT_PERMITTED, true],
    ['the end of a link', new Error('Authorization Violation'), false],
    ['nothing', undefined, false],
  ])('finds %s in %s', (_, error, isRefusal) => {
    expect(played().subscriptions.isRefusal(error)).toBe(isRefusal);
  });
});

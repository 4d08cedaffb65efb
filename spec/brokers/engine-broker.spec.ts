// What all brokers share, over an engine that the spec plays.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { noted, ScriptedEngine } from './scripted-engine.ts';

const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

/** An engine that is up, with subscriptions that are in force. */
async function upWith(...addresses: readonly string[]): Promise<{
  readonly engine: ScriptedEngine;
  readonly taken: ReadonlyArray<ReturnType<typeof noted>>;
  readonly subscriptions: readonly AsyncDisposable[];
}> {
  const engine = new ScriptedEngine();
  engine.broker.up();
  const taken = addresses.map(() => noted());
  const subscribing = addresses.map((address, index) =>
    engine.broker.subscribe(address, taken[index]!.receive, taken[index]!.onGap),
  );
  await settle();
  if (addresses.length > 0) engine.answer();
  const subscriptions = await Promise.all(subscribing);
  engine.calls.length = 0;
  return { engine, taken, subscriptions };
}

describe('EngineBroker', () => {
  it('begins down, and is up at once where there is nothing to subscribe to', () => {
    const engine = new ScriptedEngine();
    const told: boolean[] = [];
    engine.broker.onChange((isUp) => told.push(isUp));
    engine.broker.up();
    engine.broker.up();
    expect([engine.broker.isUp, told, engine.calls]).toEqual([true, [true], []]);
  });

  it('asks the engine once for the addresses of a turn', async () => {
    const { engine } = await upWith();
    const { receive, onGap } = noted();
    for (const address of ['a', 'b', 'a']) void engine.broker.subscribe(address, receive, onGap);
    await settle();
    expect(engine.calls).toEqual(['subscribe a b']);
  });

  it('asks for 10,000 addresses in pieces of 500, one after the other', async () => {
    const { engine } = await upWith();
    engine.broker.down();
    const { receive, onGap } = noted();
    for (let index = 0; index < 10_000; index += 1) void engine.broker.subscribe(`a${index}`, receive, onGap);
    engine.broker.up();
    for (let piece = 0; piece < 20; piece += 1) {
      await settle();
      expect(engine.asked).toHaveLength(1);
      engine.answer();
    }
    await settle();
    expect([engine.broker.isUp, engine.calls.length]).toEqual([true, 20]);
  });

  it('asks no more when the link is lost under one of many pieces', async () => {
    const { engine } = await upWith();
    engine.broker.down();
    const { receive, onGap } = noted();
    for (let index = 0; index < 1100; index += 1) void engine.broker.subscribe(`a${index}`, receive, onGap);
    engine.broker.up();
    engine.broker.down();
    engine.answer();
    await settle();
    expect([engine.broker.isUp, engine.asked.length]).toEqual([false, 0]);
  });

  it('accepts and refuses messages as its engine can send, and says so', async () => {
    const { engine, taken } = await upWith('a');
    const told: boolean[] = [];
    engine.broker.onChange((isUp) => told.push(isUp));
    engine.publish = () => new Promise(() => {});
    const call = engine.broker.publish('a', bytes('1'));
    engine.broker.setPublishing(false);
    await expect(call).rejects.toThrow('The broker went down before it had acknowledged');
    await expect(engine.broker.publish('a', bytes('2'))).rejects.toThrow('The broker is down');
    engine.broker.setPublishing(true);
    await engine.broker.close();
    engine.broker.setPublishing(false);
    expect([told, taken[0]!.events]).toEqual([[false, true, false], []]);
  });

  it('rejects what waits and what comes with the reason for which the client could not connect', async () => {
    const engine = new ScriptedEngine();
    const { receive, onGap } = noted();
    const waiting = engine.broker.subscribe('a', receive, onGap);
    const cause = new Error('no such host');
    engine.broker.fail(cause);
    await expect(waiting).rejects.toMatchObject({ code: 'COROSOCK_BROKER', cause });
    await expect(engine.broker.publish('a', bytes('1'))).rejects.toMatchObject({ cause });
    expect(engine.broker.isClosed).toBe(true);
  });

  it('does not ask for what has ended within the turn', async () => {
    const { engine, taken, subscriptions } = await upWith('a');
    const again = engine.broker.subscribe('a', taken[0]!.receive, taken[0]!.onGap);
    await (await again)[Symbol.asyncDispose]();
    await subscriptions[0]![Symbol.asyncDispose]();
    expect(engine.calls).toEqual(['unsubscribe a']);
  });

  it('tells one gap a window, from the loss to the return', async () => {
    const { engine, taken } = await upWith('a', 'b');
    engine.broker.down();
    engine.broker.down();
    await engine.clock.advance(100);
    engine.broker.up();
    await engine.clock.advance(20);
    engine.broker.received('a', bytes('behind the gap'));
    expect(engine.broker.isUp).toBe(false);
    engine.answer();
    await settle();
    expect(engine.broker.isUp).toBe(true);
    expect(taken.map(({ events }) => events)).toEqual([['gap of 120', 'behind the gap'], ['gap of 120']]);
  });

  it('counts a gap from the moment that the adapter names', async () => {
    const { engine, taken } = await upWith('a');
    await engine.clock.advance(50);
    engine.broker.down(20);
    engine.broker.up();
    engine.answer();
    await settle();
    expect(taken[0]!.events).toEqual(['gap of 30']);
  });

  it('drops what still comes over a lost link: it belongs to the gap', async () => {
    const { engine, taken } = await upWith('a');
    engine.broker.down();
    engine.broker.received('a', bytes('late'));
    engine.broker.up();
    engine.answer();
    await settle();
    expect(taken[0]!.events).toEqual(['gap of 0']);
  });

  it('ignores messages of addresses that have no subscription', async () => {
    const { engine, taken } = await upWith('a');
    engine.broker.received('b', bytes('b'));
    expect(taken[0]!.events).toEqual([]);
  });

  it('begins anew when the link is lost while it subscribes again', async () => {
    const { engine, taken } = await upWith('a');
    engine.broker.down();
    engine.broker.up();
    engine.broker.down();
    engine.broker.up();
    engine.answer();
    await settle();
    expect(engine.broker.isUp).toBe(false);
    engine.answer();
    await settle();
    expect([engine.broker.isUp, taken[0]!.events]).toEqual([true, ['gap of 0']]);
  });

  it('subscribes to what is added while it subscribes again, before it is up', async () => {
    const { engine } = await upWith('a');
    engine.broker.down();
    engine.broker.up();
    const { events, receive, onGap } = noted();
    const subscribing = engine.broker.subscribe('b', receive, onGap);
    engine.answer();
    await settle();
    expect([engine.broker.isUp, engine.calls]).toEqual([false, ['subscribe a', 'subscribe b']]);
    engine.answer();
    await subscribing;
    expect(events).toEqual(['gap of 0']);
  });

  it('asks again after a second where the engine refuses what it had', async () => {
    const { engine, taken } = await upWith('a');
    engine.broker.down();
    engine.broker.up();
    engine.answer(new Error('busy'));
    await engine.clock.advance(999);
    expect(engine.asked).toHaveLength(0);
    await engine.clock.advance(1);
    engine.answer();
    await settle();
    expect([engine.broker.isUp, taken[0]!.events]).toEqual([true, ['gap of 1000']]);
  });

  it.each([
    ['is lost', (engine: ScriptedEngine) => engine.broker.down()],
    ['is closed', (engine: ScriptedEngine) => void engine.broker.close()],
  ])('asks no more when the link %s meanwhile', async (_, end) => {
    const { engine } = await upWith('a');
    engine.broker.down();
    engine.broker.up();
    engine.answer(new Error('busy'));
    await settle();
    end(engine);
    await engine.clock.advance(5000);
    expect(engine.asked).toHaveLength(0);
  });

  it('ignores a refusal of a link that is lost', async () => {
    const { engine } = await upWith('a');
    engine.broker.down();
    engine.broker.up();
    engine.broker.down();
    engine.answer(new Error('the link is lost'));
    await engine.clock.advance(5000);
    expect(engine.asked).toHaveLength(0);
  });

  it('rejects a new subscription that the engine refuses, and forgets it', async () => {
    const { engine } = await upWith();
    const { receive, onGap } = noted();
    const refused = engine.broker.subscribe('a', receive, onGap);
    await settle();
    const cause = new Error('not allowed');
    engine.answer(cause);
    await expect(refused).rejects.toMatchObject({ code: 'COROSOCK_BROKER', cause });
    engine.broker.down();
    engine.broker.up();
    expect(engine.calls).toEqual(['subscribe a']);
  });

  it('keeps a new subscription that the link was lost under', async () => {
    const { engine } = await upWith();
    const { events, receive, onGap } = noted();
    const subscribing = engine.broker.subscribe('a', receive, onGap);
    await settle();
    engine.broker.down();
    engine.answer(new Error('the link is lost'));
    engine.broker.up();
    engine.answer();
    await subscribing;
    expect([events, engine.calls]).toEqual([['gap of 0'], ['subscribe a', 'subscribe a']]);
  });

  it('ends addresses for which the last subscription ended during an outage, when the link is back', async () => {
    const { engine, subscriptions } = await upWith('a', 'b');
    engine.broker.down();
    for (const subscription of subscriptions) await subscription[Symbol.asyncDispose]();
    const { receive, onGap } = noted();
    void engine.broker.subscribe('b', receive, onGap);
    expect(engine.calls).toEqual([]);
    engine.broker.up();
    engine.answer();
    await settle();
    expect(engine.calls).toEqual(['subscribe b', 'unsubscribe a']);
  });

  it('rejects the calls that are under way when the link is lost', async () => {
    const { engine } = await upWith();
    engine.publish = () => new Promise(() => {});
    const calls = [engine.broker.publish('a', bytes('1')), engine.broker.publish('a', bytes('2'))];
    engine.broker.down();
    for (const call of calls)
      await expect(call).rejects.toThrow('The broker went down before it had acknowledged');
    await expect(engine.broker.publish('a', bytes('3'))).rejects.toThrow('The broker is down');
  });

  it('refuses to publish what is no Uint8Array', async () => {
    const { engine } = await upWith();
    await expect(engine.broker.publish('a', 'text' as unknown as Uint8Array)).rejects.toThrow(
      'broker.publish(): expected bytes to be a Uint8Array, got "text"',
    );
  });

  it('lets a gap close the broker, or take it down', async () => {
    const { engine, taken } = await upWith('a', 'b');
    const told: boolean[] = [];
    engine.broker.onChange((isUp) => told.push(isUp));
    const calls: string[] = [];
    await settle();
    void engine.broker.subscribe('a', taken[0]!.receive, () => {
      calls.push('gap');
      if (calls.length === 1) engine.broker.down();
      else void engine.broker.close();
    });
    engine.broker.down();
    engine.broker.up();
    engine.answer();
    await settle();
    engine.broker.up();
    engine.answer();
    await settle();
    expect([told, taken[1]!.events, engine.broker.isUp]).toEqual([[false], [], false]);
  });

  it('lets a subscriber end others while a message is given out', async () => {
    const { engine, taken, subscriptions } = await upWith('a');
    const { events, receive, onGap } = noted();
    const others: AsyncDisposable[] = [];
    await engine.broker.subscribe('a', () => void others[0]?.[Symbol.asyncDispose](), onGap);
    others.push(await engine.broker.subscribe('a', receive, onGap));
    engine.broker.received('a', bytes('1'));
    expect([taken[0]!.events, events]).toEqual([['1'], []]);
    await subscriptions[0]![Symbol.asyncDispose]();
  });

  it('closes while it is down, and rejects what waits', async () => {
    const engine = new ScriptedEngine();
    const { receive, onGap } = noted();
    const waiting = engine.broker.subscribe('a', receive, onGap);
    await engine.broker.close();
    await engine.broker.close();
    engine.broker.up();
    engine.broker.down();
    await expect(waiting).rejects.toThrow('The broker was closed');
    await expect(engine.broker.subscribe('a', receive, onGap)).rejects.toThrow('The broker is closed');
    expect(engine.calls).toEqual(['close']);
  });
});

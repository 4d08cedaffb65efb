// What all brokers share, over an engine that the spec plays.

import { describe, expect, it, vi } from 'vitest';
import { settle } from 'corosock/testing';
import { GAPS_A_TURN } from '../../src/brokers/engine-broker.ts';
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
    const cause = new Error('NOAUTH');
    engine.answer(cause);
    await engine.clock.advance(999);
    await expect(engine.broker.publish('a', bytes(''))).rejects.toMatchObject({ cause });
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

  describe('with very many addresses', () => {
    /** An engine whose link comes back, and what its subscribers got in each turn. */
    async function returning(count: number): Promise<{
      readonly engine: ScriptedEngine;
      /** What came, by turn. */
      readonly turns: string[][];
    }> {
      const { engine } = await upWith();
      const turns: string[][] = [[]];
      const note = (event: string): void => void turns.at(-1)?.push(event);
      for (let index = 0; index < count; index += 1) {
        const receive = (): void => note(`message ${index}`);
        void engine.broker.subscribe(`a${index}`, receive, () => note(`gap ${index}`));
      }
      await settle();
      while (engine.asked.length > 0) engine.answer();
      engine.broker.onChange((isUp) => note(isUp ? 'up' : 'down'));
      const immediate = engine.clock.setImmediate.bind(engine.clock);
      vi.spyOn(engine.clock, 'setImmediate').mockImplementation((run) =>
        immediate(() => {
          turns.push([]);
          run();
        }),
      );
      engine.broker.down();
      engine.broker.up();
      return { engine, turns };
    }

    /** The engine takes each piece of addresses. */
    async function restore(engine: ScriptedEngine): Promise<void> {
      while (engine.asked.length > 0) {
        engine.answer();
        for (let microtask = 0; microtask < 10; microtask += 1) await Promise.resolve();
      }
    }

    it(`tells ${GAPS_A_TURN} gaps a turn, in order, and is up behind the last`, async () => {
      const { engine, turns } = await returning(2 * GAPS_A_TURN + 1);
      await restore(engine);
      await settle();
      expect(turns.map((turn) => turn.length)).toEqual([GAPS_A_TURN + 1, GAPS_A_TURN, 2]);
      const gaps = Array.from({ length: 2 * GAPS_A_TURN + 1 }, (_, index) => `gap ${index}`);
      expect(turns.flat()).toEqual(['down', ...gaps, 'up']);
    });

    it('gives a message behind the gap of its address, also before its turn', async () => {
      const { engine, turns } = await returning(GAPS_A_TURN + 2);
      await restore(engine);
      engine.broker.received(`a${GAPS_A_TURN + 1}`, bytes('early'));
      await settle();
      expect(turns.map((turn) => turn.slice(-3))).toEqual([
        [`gap ${GAPS_A_TURN - 1}`, `gap ${GAPS_A_TURN + 1}`, `message ${GAPS_A_TURN + 1}`],
        [`gap ${GAPS_A_TURN}`, 'up'],
      ]);
    });

    it('tells the rest after the next return where the link is lost meanwhile', async () => {
      const { engine, turns } = await returning(GAPS_A_TURN + 1);
      await restore(engine);
      engine.broker.down();
      await settle();
      expect(turns.flat()).toHaveLength(GAPS_A_TURN + 1);
      engine.broker.up();
      await restore(engine);
      await settle();
      expect(turns.flat().slice(-2)).toEqual([`gap ${GAPS_A_TURN}`, 'up']);
      expect(turns.flat()).toHaveLength(1 + 2 * GAPS_A_TURN + 1 + 1);
    });

    it('is in force for what comes meanwhile as soon as the engine has it', async () => {
      const { engine } = await returning(GAPS_A_TURN + 1);
      await restore(engine);
      let isInForce = false;
      const { receive, onGap, events } = noted();
      void engine.broker.subscribe('late', receive, onGap).then(() => (isInForce = true));
      await settle();
      expect([isInForce, engine.asked.map(({ addresses }) => addresses)]).toEqual([false, [['late']]]);
      engine.answer();
      await settle();
      expect([isInForce, events]).toEqual([true, []]);
    });
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

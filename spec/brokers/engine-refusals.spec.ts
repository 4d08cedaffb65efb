// One address that an engine refuses, among others that it takes: at first, later, and after the
// link was lost.

import { describe, expect, it } from 'vitest';
import { settle } from 'corosock/testing';
import { noted, ScriptedEngine } from './scripted-engine.ts';

/** An engine that is up, and what `subscribe` has come to: `in force`, or the reason. */
function upWith(...addresses: readonly string[]): {
  readonly engine: ScriptedEngine;
  readonly events: Readonly<Record<string, string[]>>;
} {
  const engine = new ScriptedEngine();
  engine.broker.up();
  return { engine, events: Object.fromEntries(addresses.map((address) => [address, ask(engine, address)])) };
}

function ask(engine: ScriptedEngine, address: string): string[] {
  const { events, receive, onGap, onRefused } = noted();
  engine.broker.subscribe(address, receive, onGap, onRefused).then(
    () => events.push('in force'),
    ({ code, cause }: { code: string; cause: unknown }) => events.push(`${code} ${String(cause)}`),
  );
  return events;
}

describe('an address that the engine refuses', () => {
  it('K14: rejects alone, and is forgotten', async () => {
    const { engine, events } = upWith('a', 'b', 'c');
    await settle();
    engine.broker.refused('b', 'no', 0);
    engine.answer();
    await settle();
    expect(events).toEqual({ a: ['in force'], b: ['COROSOCK_BROKER no'], c: ['in force'] });
    engine.broker.down();
    engine.broker.up();
    expect(engine.calls).toEqual(['subscribe a b c', 'subscribe a c']);
  });

  it('K14: ends alone where it was in force, and may be asked for again', async () => {
    const { engine, events } = upWith('a', 'b');
    await settle();
    engine.answer();
    await engine.clock.advance(100);
    engine.broker.refused('b', 'no', 40);
    const again = ask(engine, 'b');
    for (const address of ['a', 'b']) engine.broker.received(address, new TextEncoder().encode('1'));
    await settle();
    expect(engine.calls).toEqual(['subscribe a b', 'subscribe b']);
    engine.answer();
    await settle();
    expect({ ...events, again }).toEqual({
      a: ['in force', '1'],
      b: ['in force', 'gap of 60', 'refused: no'],
      again: ['1', 'in force'],
    });
    expect(engine.broker.isUp).toBe(true);
  });

  it('K14: ends alone after the link was lost, and the others come back', async () => {
    const { engine, events } = upWith('a', 'b');
    await settle();
    engine.answer();
    await settle();
    engine.broker.down();
    await engine.clock.advance(100);
    const waiting = ask(engine, 'c');
    engine.broker.up();
    engine.broker.refused('b', 'no', 90);
    engine.broker.refused('c', 'no', 90);
    engine.answer();
    await settle();
    expect({ ...events, waiting }).toEqual({
      a: ['in force', 'gap of 100'],
      b: ['in force', 'gap of 100', 'refused: no'],
      waiting: ['COROSOCK_BROKER no'],
    });
    expect(engine.broker.isUp).toBe(true);
  });

  it('is asked for again where it was refused over a link that is lost', async () => {
    const { engine, events } = upWith('a');
    await settle();
    engine.broker.down();
    engine.broker.refused('a', 'no', 0);
    engine.broker.up();
    engine.answer();
    engine.answer();
    await settle();
    expect(events).toEqual({ a: ['gap of 0', 'in force'] });
  });

  it('is nothing where it is not known, or the broker is closed', async () => {
    const { engine, events } = upWith('a');
    await settle();
    engine.answer();
    await settle();
    engine.broker.refused('b', 'no', 0);
    await engine.broker.close();
    engine.broker.refused('a', 'no', 0);
    expect(events).toEqual({ a: ['in force'] });
  });

  it('does not end the one that was subscribed to since, where the engine refuses all', async () => {
    const { engine, events } = upWith('a', 'b');
    await settle();
    engine.broker.refused('a', 'no', 0);
    const again = ask(engine, 'a');
    engine.answer(new Error('broken'));
    await settle();
    engine.answer();
    await settle();
    expect({ ...events, again }).toEqual({
      a: ['COROSOCK_BROKER no'],
      b: ['COROSOCK_BROKER Error: broken'],
      again: ['in force'],
    });
  });

  it('K14: is found by halves where the engine takes none of a turn, and does not name it', async () => {
    const { engine, events } = upWith('a', 'b', 'c');
    const refusing = async (): Promise<void> => {
      await settle();
      const hasB = engine.asked[0]?.addresses.includes('b') === true;
      engine.answer(hasB ? new Error('no') : undefined);
    };
    for (let answers = 0; answers < 5; answers += 1) await refusing();
    await settle();
    expect(engine.calls).toEqual([
      'subscribe a b c',
      'subscribe a b',
      'subscribe a',
      'subscribe b',
      'subscribe c',
    ]);
    expect(events).toEqual({ a: ['in force'], b: ['COROSOCK_BROKER Error: no'], c: ['in force'] });
  });

  it('is looked for no more when the link is lost meanwhile', async () => {
    const { engine, events } = upWith('a', 'b');
    await settle();
    engine.answer(new Error('no'));
    await settle();
    engine.broker.down();
    engine.answer();
    await settle();
    expect([engine.calls, events]).toEqual([['subscribe a b', 'subscribe a'], { a: [], b: [] }]);
  });
});

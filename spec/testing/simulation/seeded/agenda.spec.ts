// What happens next in a world: lanes, turns and timers.

import { describe, expect, it } from 'vitest';
import { fakeSocket } from 'corosock/testing';
import { Agenda, WORLD_BEGAN_MS } from '../../../../src/testing/simulation/seeded/agenda.ts';
import { Choices } from '../../../../src/testing/simulation/seeded/choices.ts';
import { Deadlines, Deadline } from '../../../../src/time/deadline.ts';

/** An agenda, and what has run. */
function agendaWith(seed = 1): { agenda: Agenda; ran: string[]; note: (name: string) => () => void } {
  const ran: string[] = [];
  return { agenda: new Agenda(new Choices(seed)), ran, note: (name) => () => void ran.push(name) };
}

/** Runs all that is due, and moves time as far as it goes. */
function runAll(agenda: Agenda): void {
  for (let { nextMs } = agenda; nextMs < Infinity; { nextMs } = agenda) {
    agenda.jumpTo(nextMs);
    while (agenda.step());
  }
}

describe('Agenda', () => {
  it('keeps the order of each lane, whichever lane comes first', () => {
    const orders = new Set<string>();
    for (let seed = 0; seed < 50; seed += 1) {
      const { agenda, ran, note } = agendaWith(seed);
      const [one, other] = [agenda.openLane(), agenda.openLane()];
      for (const name of ['a', 'b']) one.add(note(name));
      for (const name of ['1', '2']) other.add(note(name));
      expect(agenda.inFlight).toBe(4);
      runAll(agenda);
      expect(ran.filter((name) => name > '9')).toEqual(['a', 'b']);
      expect(ran.filter((name) => name <= '9')).toEqual(['1', '2']);
      expect([agenda.steps, agenda.inFlight]).toEqual([4, 0]);
      orders.add(ran.join(''));
    }
    expect([...orders].toSorted()).toEqual(['12ab', '1a2b', '1ab2', 'a12b', 'a1b2', 'ab12']);
  });

  it('runs the same in the same order for the same seed', () => {
    const orderOf = (seed: number): readonly string[] => {
      const { agenda, ran, note } = agendaWith(seed);
      const lanes = Array.from({ length: 5 }, () => agenda.openLane());
      for (const [index, lane] of lanes.entries())
        for (let event = 0; event < 5; event += 1) lane.add(note(`${index}.${event}`), event % 2);
      runAll(agenda);
      return ran;
    };
    for (let seed = 0; seed < 20; seed += 1) expect(orderOf(seed)).toEqual(orderOf(seed));
  });

  it('moves time only when it is told to, up to what is due next', () => {
    const { agenda, ran, note } = agendaWith();
    agenda.openLane().add(note('late'), 30);
    agenda.setTimeout(note('timer'), 20);
    expect([agenda.step(), agenda.nextMs, agenda.now()]).toEqual([false, 20, 0]);
    agenda.jumpTo(20);
    expect([agenda.step(), agenda.step(), agenda.nextMs]).toEqual([true, false, 30]);
    agenda.jumpTo(10);
    expect(agenda.now()).toBe(20);
    agenda.jumpTo(30);
    expect([agenda.step(), agenda.nextMs]).toEqual([true, Infinity]);
    expect(ran).toEqual(['timer', 'late']);
    expect(agenda.wallTimeMs()).toBe(WORLD_BEGAN_MS + 30);
  });

  it('runs timers in the order of their times, then in the order in which they were set', () => {
    const { agenda, ran, note } = agendaWith();
    agenda.setTimeout(note('third'), 5);
    agenda.setTimeout(note('first'), 1);
    agenda.clearTimeout(agenda.setTimeout(note('cleared'), 1));
    agenda.setTimeout(note('second'), 1);
    agenda.clearTimeout(undefined);
    expect(agenda.timers).toBe(3);
    runAll(agenda);
    expect(ran).toEqual(['first', 'second', 'third']);
  });

  it('runs turns in the order of the calls', () => {
    const { agenda, ran, note } = agendaWith();
    expect(agenda.setImmediate(note('one'))).toBe(undefined);
    agenda.setImmediate(note('two'));
    expect(agenda.inFlight).toBe(0);
    runAll(agenda);
    expect(ran).toEqual(['one', 'two']);
  });

  it('carries nothing later before what was sent earlier', () => {
    const { agenda, ran, note } = agendaWith();
    const lane = agenda.openLane();
    lane.add(note('slow'), 50);
    lane.add(note('quick'), 1);
    expect(agenda.nextMs).toBe(50);
    runAll(agenda);
    expect(ran).toEqual(['slow', 'quick']);
  });

  it('holds a lane, drops its events, and closes it', () => {
    const { agenda, ran, note } = agendaWith();
    const [held, dropped, closed] = [agenda.openLane(), agenda.openLane(), agenda.openLane()];
    for (const lane of [held, dropped, closed]) lane.add(note(String(lane.size)));
    held.isHeld = true;
    dropped.clear();
    closed.close();
    closed.close();
    expect([held.isHeld, held.size, agenda.step()]).toEqual([true, 1, false]);
    held.isHeld = false;
    closed.add(note('after its end'));
    runAll(agenda);
    expect(ran).toEqual(['0']);
  });

  it('chooses among the lanes that are ready, the one that has waited longest first', () => {
    const agenda = new Agenda(new Choices(1, 0));
    const ran: string[] = [];
    const lanes = [1, 2, 3].map(() => agenda.openLane());
    const add = (at: number, name: string): void => lanes[at]?.add(() => void ran.push(name));
    for (const [at, name] of [
      [2, 'a'],
      [0, 'b'],
      [1, 'c'],
    ] as const)
      add(at, name);
    agenda.step();
    add(2, 'd');
    runAll(agenda);
    expect(ran).toEqual(['a', 'b', 'c', 'd']);
  });

  it('says when something has changed', () => {
    let changes = 0;
    const agenda = new Agenda(new Choices(1), () => (changes += 1));
    const lane = agenda.openLane();
    lane.add(() => {});
    agenda.setTimeout(() => {}, 1);
    agenda.setImmediate(() => {});
    lane.isHeld = true;
    expect(changes).toBe(4);
  });

  it('tells timers that code waits for from those of heartbeats, and of waits that are over', () => {
    const { agenda } = agendaWith();
    const deadlines = new Deadlines(agenda);
    let isIdle = true;
    const owner = {
      get isIdle() {
        return isIdle;
      },
      onDeadline: () => {},
    };
    expect(agenda.isAwaited).toBe(false);
    new Deadline(deadlines, owner).setAt(10);
    expect([agenda.timers, agenda.isAwaited]).toEqual([1, false]);
    isIdle = false;
    expect(agenda.isAwaited).toBe(true);
    isIdle = true;
    new Deadline(deadlines, { onDeadline: () => {} }).setAt(10);
    expect(agenda.isAwaited).toBe(true);
  });

  it('knows the waits of a socket: reads and writes with a time-out, and no others', async () => {
    const { agenda } = agendaWith();
    const heartbeat = { intervalMs: 1000, timeoutMs: 500 };
    const { ws, client } = fakeSocket({ clock: agenda, heartbeat, writeBufferBytes: 1 });
    expect([agenda.timers > 0, agenda.isAwaited]).toEqual([true, false]);
    const untimed = ws.read(10, Infinity);
    expect(agenda.isAwaited).toBe(false);
    await client.write('answer');
    await untimed;
    const timed = ws.read(1, 100);
    expect(agenda.isAwaited).toBe(true);
    await client.write('x');
    await timed;
    expect(agenda.isAwaited).toBe(false);
    const first = ws.write('12345');
    const [forEver, aWhile] = [ws.write('1'), ws.write('2', { timeoutMs: 100 })];
    expect(agenda.isAwaited).toBe(true);
    await Promise.all([first, forEver, aWhile]);
    expect(agenda.isAwaited).toBe(false);
    void ws.endServer();
    expect(agenda.isAwaited).toBe(true);
  });

  it('counts a timer without an owner as one that code waits for', () => {
    const { agenda } = agendaWith();
    agenda.setTimeout(() => {}, 10);
    expect(agenda.isAwaited).toBe(true);
  });
});

describe('the last timer by a time', () => {
  it('is the last of those that are due by then; now, where none is', () => {
    const { agenda } = agendaWith();
    agenda.jumpTo(5);
    for (const ms of [10, 20, 30]) agenda.setTimeout(() => {}, ms);
    expect([agenda.lastTimerBy(30), agenda.lastTimerBy(14)]).toEqual([25, 5]);
  });
});

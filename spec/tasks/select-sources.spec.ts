// The sources of a select: which port each has, which clock is used, and which mistakes are
// refused.

import { virtualClock } from 'corosock/testing';
import { channel, every } from 'corosock';
import { describe, expect, it } from 'vitest';
import { handSource } from './hand-source.ts';
import { source } from '../../src/core/source.ts';
import { recordCrashes } from '../fixtures/process-events.ts';
import { scripted } from '../conversation/scripted-transport.ts';
import { HandClock, turn } from '../time/hand-clock.ts';
import { firstReady, resolveSources } from '../../src/tasks/select-sources.ts';
import { schedulingOf } from '../../src/time/scheduling.ts';
import { realClock } from '../../src/time/real-clock.ts';

const mistake = (message: string): unknown =>
  expect.objectContaining({ name: 'UsageError', code: 'COROSOCK_ARGUMENT', message: `select(): ${message}` });

describe('resolveSources', () => {
  it('finds a port for each kind of source, in the order of the keys', () => {
    const mine = handSource('a');
    const { ws } = scripted();
    const map = resolveSources({
      mine,
      ws,
      jobs: channel(),
      tick: every(1e9),
      stop: AbortSignal.abort('stop'),
      promise: new Promise(() => {}),
    });
    expect(map.keys).toEqual(['mine', 'ws', 'jobs', 'tick', 'stop', 'promise']);
    expect(map.ports[0]).toBe(mine[source]);
    expect(map.ports.map((port) => port.ready())).toEqual([true, false, false, false, true, false]);
  });

  it('says whether a promise may have settled', async () => {
    const promise = Promise.resolve();
    const before = resolveSources({ promise }).mayHaveSettled;
    await turn();
    expect([
      before,
      resolveSources({ promise }).mayHaveSettled,
      resolveSources({ mine: handSource() }).mayHaveSettled,
    ]).toEqual([true, false, false]);
  });

  it('uses the real clock only when no source has another one, whatever the order of the keys', () => {
    const clock = virtualClock();
    const [real, moved] = [channel(), channel({ clock })];
    const clockOf = (sources: object): unknown => resolveSources(sources).scheduling.clock;
    expect([clockOf({ real, moved }), clockOf({ moved, real })]).toEqual([clock, clock]);
    expect(clockOf({ real })).toBe(realClock);
  });

  it('uses the clock of the first socket or channel, whatever other sources come before it', () => {
    const { ws, clock } = scripted();
    const jobs = channel({ clock: new HandClock() });
    const tick = every(10, { clock: new HandClock() });
    expect(resolveSources({ tick, stop: new AbortController().signal, ws, jobs }).scheduling.clock).toBe(
      clock,
    );
    expect(resolveSources({ jobs, ws }).scheduling.clock).not.toBe(clock);
  });

  it('uses the real clock when no socket, channel or task is among the sources', () => {
    expect(
      resolveSources({ mine: handSource(), tick: every(1, { clock: new HandClock() }) }).scheduling,
    ).toBe(schedulingOf(realClock));
  });

  it.each([
    ['nothing', undefined, 'an object of sources, such as { ws }, got undefined'],
    ['null', null, 'an object of sources, such as { ws }, got null'],
    ['a string', 'ws', 'an object of sources, such as { ws }, got "ws"'],
    ['an array', [Promise.resolve(1)], 'an object of sources, such as { ws }, got an array'],
    ['no source', {}, 'at least one source, got an object'],
    [
      'timeout as a key',
      { timeout: handSource() },
      `a key other than 'timeout', which stands for the time-out, got "timeout"`,
    ],
    ['a number', { a: 5 }, '"a" to be a socket, a channel, a signal, a promise or another source, got 5'],
    [
      'an object',
      { a: {} },
      '"a" to be a socket, a channel, a signal, a promise or another source, got an object',
    ],
    [
      'null among others',
      { a: null },
      '"a" to be a socket, a channel, a signal, a promise or another source, got null',
    ],
    [
      'half a port',
      { a: { [source]: { ready: () => true, take: () => 1 } } },
      '"a" to be a socket, a channel, a signal, a promise or another source, got an object',
    ],
    [
      'a number for a port',
      { a: { [source]: 1 } },
      '"a" to be a socket, a channel, a signal, a promise or another source, got an object',
    ],
  ])('refuses %s', (_, sources, message) => {
    expect(() => resolveSources(sources)).toThrow(mistake(`expected ${message}`));
  });

  it.each([3, 40])('refuses one source under two keys, among %i', (count) => {
    const twin = handSource();
    const others = Object.fromEntries(Array.from({ length: count - 2 }, (_, n) => [`s${n}`, handSource()]));
    expect(() => resolveSources({ first: twin, ...others, second: twin })).toThrow(
      mistake('expected each source once, got one as "first" and as "second"'),
    );
    expect(resolveSources({ first: twin, ...others, second: handSource() }).keys).toHaveLength(count);
  });

  it('observes all promises, also when it throws', async () => {
    using crashes = recordCrashes();
    const broken = {
      get [source](): never {
        throw new Error('broken');
      },
    };
    expect(() => resolveSources({ broken, p: Promise.reject(new Error('late')), none: 1 })).toThrow('broken');
    await turn();
    expect(crashes.errors).toEqual([]);
  });

  it('observes the promises before and behind a getter that throws, and reads each getter once', async () => {
    using crashes = recordCrashes();
    let reads = 0;
    const sources = {
      before: Promise.reject(new Error('late')),
      get counted() {
        reads += 1;
        return handSource();
      },
      get broken(): never {
        throw new Error('broken');
      },
      behind: Promise.reject(new Error('late')),
    };
    expect(() => resolveSources(sources)).toThrow('broken');
    await turn();
    expect([crashes.errors, reads]).toEqual([[], 1]);
  });
});

describe('firstReady', () => {
  it('gives the index of the first port that is ready', () => {
    const { ports } = resolveSources({ a: handSource(), b: handSource('x'), c: handSource('y') });
    expect(firstReady(ports)).toBe(1);
  });

  it('gives −1 when no port is ready', () => {
    expect(firstReady(resolveSources({ a: handSource() }).ports)).toBe(-1);
  });
});

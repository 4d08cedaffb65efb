// The life of a socket: `maxLifetimeMs` with its spread and its grace. Credentials that end within
// it are credentials.spec.ts's.

import type { HostOptions, Servable } from 'corosock';
import { runServer, settle, virtualClock } from 'corosock/testing';
import type { ServerRun, VirtualClock } from 'corosock/testing';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { gist } from '../fixtures/memory-host.ts';
import { HandClock } from '../time/hand-clock.ts';
import { SocketLife } from '../../src/server/socket-life.ts';
import type { LivingRun } from '../../src/server/socket-life.ts';
import { Deadlines } from '../../src/time/deadline.ts';

const HOUR = 3_600_000;
const GRACE = 10_000;

afterEach(() => void vi.restoreAllMocks());

interface Scene extends ServerRun {
  readonly clock: VirtualClock;
  readonly reports: unknown[];
}

/** Runs a server whose sockets live for an hour, and `random` of a tenth more. */
function run(server: Servable, random = 0, options: HostOptions = {}): Scene {
  vi.spyOn(Math, 'random').mockReturnValue(random);
  const clock = virtualClock();
  const reports: unknown[] = [];
  const report = (error: unknown): void => void reports.push(error);
  return { ...runServer(server, { clock, report, maxLifetimeMs: HOUR, ...options }), clock, reports };
}

describe('maxLifetimeMs', () => {
  it('asks the handler to finish, and closes with 1001 when it returns', async () => {
    const { clock, client, done, reports } = run(async (ws) => {
      await ws.readMessage({ signal: ws.draining });
    });
    const ws = await client;
    await clock.advance(HOUR - 1);
    expect(ws.closeInfo).toBe(undefined);
    await clock.advance(1);
    const { kind, ...outcome } = await done;
    expect([kind, 'end' in outcome && gist(outcome.end), (await ws.closed).code, reports]).toEqual([
      'threw',
      [1001, 'shutdown', true],
      1001,
      [],
    ]);
  });

  it('closes with 1001 after 10 s what does not finish', async () => {
    const { clock, client } = run(async (ws) => void (await ws.closed));
    const ws = await client;
    await clock.advance(HOUR + GRACE - 1);
    expect(ws.closeInfo).toBe(undefined);
    await clock.advance(1);
    expect((await ws.closed).code).toBe(1001);
  });

  it.each([
    [0.5, 1.05],
    [0.999, 1.0999],
  ])('is up to a tenth longer, at random: with %d it is %d h', async (random, hours) => {
    let draining: AbortSignal | undefined;
    const { clock } = run(async (ws) => {
      draining = ws.draining;
      await ws.closed;
    }, random);
    await clock.advance(Math.floor(hours * HOUR) - 1);
    const before = draining?.aborted;
    await clock.advance(2);
    expect([before, draining?.aborted]).toEqual([false, true]);
  });

  it('closes a shared socket whose handler has returned at once', async () => {
    const { clock, client } = run({
      onPreServer: (handshake) => void (handshake.sharedConnection = true),
      server: () => {},
    });
    await clock.advance(HOUR);
    expect((await (await client).closed).code).toBe(1001);
  });

  it('is no timer where it is Infinity, the default', async () => {
    const { clock, client } = run(async (ws) => void (await ws.closed), 0, { maxLifetimeMs: Infinity });
    await client;
    expect(clock.timers).toBe(0);
  });

  it('leaves no timer behind a socket that ends before, or in its grace', async () => {
    for (const ms of [0, HOUR]) {
      const { clock, client, done } = run(async (ws) => void (await ws.closed));
      const ws = await client;
      await clock.advance(ms);
      await ws.close();
      await done;
      await settle();
      expect(clock.timers).toBe(0);
    }
  });

  it('holds also for a credential that is renewed for ever', async () => {
    const { clock, client } = run({
      server: async (ws) => {
        ws.renew(0);
        await ws.closed;
      },
      onExpire: (ws) => ws.renew((clock.wallTimeMs?.() ?? 0) + 60_000),
    });
    await clock.advance(HOUR + GRACE);
    expect((await (await client).closed).code).toBe(1001);
  });

  it('counts where the credential ends with the grace: the hook is not asked', async () => {
    const asked: string[] = [];
    const { clock, client } = run({
      async server(ws) {
        await settle();
        ws.renew((clock.wallTimeMs?.() ?? 0) + HOUR + GRACE);
        await ws.closed;
      },
      onExpire: () => void asked.push('onExpire'),
    });
    await clock.advance(HOUR + GRACE);
    expect([(await (await client).closed).code, asked]).toEqual([1001, []]);
  });

  it('ends with the credential, where that ends in the grace', async () => {
    const { clock, client } = run(async (ws) => {
      await settle();
      ws.renew((clock.wallTimeMs?.() ?? 0) + HOUR + 1);
      await ws.closed;
    });
    await clock.advance(HOUR);
    expect((await client).closeInfo).toBe(undefined);
    await clock.advance(1);
    expect((await (await client).closed).code).toBe(4401);
  });
});

/** What happens to a socket, in order, and when. */
type Log = string[];

/** The same as SocketLife, as plainly as it can be said: it steps from one moment to the next. */
class PlainLife {
  readonly log: Log = [];
  nowMs = 0;
  #expiresMs: number;
  #askMs: number;
  #closeMs = Infinity;
  #isAsked = false;
  #isClosed = false;

  constructor(expiresMs: number, lifetimeMs: number) {
    this.#expiresMs = expiresMs;
    this.#askMs = lifetimeMs;
  }

  tick(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let next = this.#next; next <= untilMs && !this.#isClosed; next = this.#next) {
      this.nowMs = Math.max(this.nowMs, next);
      this.#look();
    }
    this.nowMs = untilMs;
  }

  renew(ms: number): void {
    if (!this.#isClosed) this.#expiresMs = this.nowMs + ms;
  }

  /** The hook has settled. */
  settle(): void {
    if (!this.#isAsked) return;
    this.#isAsked = false;
    if (this.#expiresMs <= this.nowMs) this.#close(4401);
  }

  get #next(): number {
    return Math.min(this.#isAsked ? Infinity : this.#expiresMs, this.#askMs, this.#closeMs);
  }

  #look(): void {
    if (this.nowMs >= this.#closeMs) return this.#close(1001);
    if (this.nowMs >= this.#askMs) {
      this.log.push(`${this.nowMs}: asked to finish`);
      [this.#askMs, this.#closeMs] = [Infinity, this.nowMs + GRACE];
    }
    if (this.#isAsked || this.nowMs < this.#expiresMs) return;
    this.#isAsked = true;
    this.log.push(`${this.nowMs}: onExpire`);
  }

  #close(code: number): void {
    if (!this.#isClosed) this.log.push(`${this.nowMs}: closed with ${code}`);
    this.#isClosed = true;
  }
}

/** A SocketLife whose run only notes what it is told. */
function notedLife(clock: HandClock, expiresMs: number, maxLifetimeMs: number) {
  const log: Log = [];
  let onSettled: (() => void) | undefined;
  const close = (code: number): void => {
    if (!conversation.isEnding) log.push(`${clock.nowMs}: closed with ${code}`);
    conversation.isEnding = true;
    life.stop();
  };
  const conversation = { isEnding: false, close };
  const run: LivingRun = {
    conversation,
    askToFinish: () => void log.push(`${clock.nowMs}: asked to finish`),
    shutDown: () => close(1001),
    callExpire(settled) {
      log.push(`${clock.nowMs}: onExpire`);
      onSettled = settled;
      return true;
    },
  };
  const settings = { clock, deadlines: new Deadlines(clock), maxLifetimeMs, expiryCode: 4401 };
  const life = new SocketLife(run, settings, expiresMs);
  const settle = (): void => {
    const settled = onSettled;
    onSettled = undefined;
    settled?.();
  };
  const renew = (ms: number): void => {
    if (!conversation.isEnding) life.renew(clock.nowMs + ms);
  };
  return { log, renew, settle };
}

describe('SocketLife', () => {
  it('does what a plain model does, for any renewals, hooks and times', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const ms = fc.constantFrom(0, 1, 9_999, 10_000, 59_999, 60_000, 60_001, 150_000, Infinity);
    const step = fc.oneof(
      fc.record({ how: fc.constant('tick' as const), ms: fc.nat(200_000) }),
      fc.record({ how: fc.constantFrom('renew' as const, 'settle' as const), ms }),
    );
    fc.assert(
      fc.property(ms, ms, fc.array(step, { maxLength: 30 }), (expiresMs, lifetimeMs, steps) => {
        const clock = Object.assign(new HandClock(), { wallTimeMs: () => clock.nowMs });
        const { log, renew, settle } = notedLife(clock, expiresMs, lifetimeMs + 1);
        const model = new PlainLife(expiresMs, lifetimeMs + 1);
        for (const { how, ms: given } of steps) {
          for (const one of [{ tick: (by: number) => clock.tick(by), renew, settle }, model]) one[how](given);
          expect(log).toEqual(model.log);
        }
        clock.tick(2 ** 31);
        model.tick(2 ** 31);
        settle();
        model.settle();
        expect(log).toEqual(model.log);
        if (log.at(-1)?.includes('closed') === true) expect(clock.timers).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

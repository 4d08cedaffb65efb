// Reports of what clients cause: one of each kind a minute, and the count of the others.

import { describe, expect, it } from 'vitest';
import { MessageError, serve } from 'corosock';
import type { HostOptions } from 'corosock';
import { settle, virtualClock } from 'corosock/testing';
import type { VirtualClock } from 'corosock/testing';
import { MAX_FAULT_KINDS, PeerFaults } from '../../src/server/peer-faults.ts';
import { MemoryHost } from '../fixtures/memory-host.ts';
import { openRaw } from '../peers/raw-client.ts';

const WINDOW_MS = 60_000;
const COOKIE = { phase: 'session' };

interface Scene {
  readonly clock: VirtualClock;
  readonly reports: string[];
  readonly faults: PeerFaults;
  /** Clients cause so many faults of a kind. */
  readonly cause: (kind: string, count?: number) => void;
}

function setScene(): Scene {
  const clock = virtualClock();
  const reports: string[] = [];
  const faults = new PeerFaults((error, where) => reports.push(gistOf(error, where)), clock);
  const cause = (kind: string, count = 1): void => {
    for (let i = 0; i < count; i++) faults.report(kind, COOKIE, () => new Error(`${kind} ${i}`));
  };
  return { clock, reports, faults, cause };
}

describe('PeerFaults', () => {
  it('reports the first fault of a kind at once, and counts the others for a minute', async () => {
    const { clock, reports, cause } = setScene();
    cause('forged', 500);
    expect(reports).toEqual(['session: forged 0']);
    await clock.advance(WINDOW_MS - 1);
    cause('forged');
    expect(reports).toHaveLength(1);
    await clock.advance(1);
    expect(reports.slice(1)).toEqual([
      'session: COROSOCK_PEER_FAULTS 500 × forged: 500 more of these within a minute: forged',
    ]);
  });

  it('makes no error for a fault that is only counted', () => {
    const { faults } = setScene();
    let made = 0;
    for (let i = 0; i < 5; i++) faults.report('forged', COOKIE, () => (made += 1));
    expect(made).toBe(1);
  });

  it('counts on while faults come, and reports the first one after a minute without any', async () => {
    const { clock, reports, cause } = setScene();
    cause('forged', 2);
    await clock.advance(WINDOW_MS);
    cause('forged', 3);
    await clock.advance(WINDOW_MS);
    await clock.advance(WINDOW_MS);
    cause('forged');
    expect(reports.map((text) => text.split(':', 2).join(':'))).toEqual([
      'session: forged 0',
      'session: COROSOCK_PEER_FAULTS 1 × forged',
      'session: COROSOCK_PEER_FAULTS 3 × forged',
      'session: forged 0',
    ]);
  });

  it('counts each kind apart', () => {
    const { reports, cause } = setScene();
    cause('forged', 2);
    cause('unknown', 2);
    expect(reports).toEqual(['session: forged 0', 'session: unknown 0']);
  });

  it('counts the kinds beyond its limit together', async () => {
    const { clock, reports, cause } = setScene();
    for (let i = 0; i < MAX_FAULT_KINDS + 10; i++) cause(`kind ${i}`);
    expect([reports.length, clock.timers]).toEqual([MAX_FAULT_KINDS + 1, MAX_FAULT_KINDS + 1]);
    await clock.advance(WINDOW_MS);
    expect(reports.at(-1)).toContain('9 × other');
  });

  it('keeps no timer a minute after the last fault', async () => {
    const { clock, cause } = setScene();
    cause('forged');
    expect(clock.timers).toBe(1);
    await clock.advance(WINDOW_MS);
    expect(clock.timers).toBe(0);
  });

  it('reports the counts when it is stopped, keeps no timer, and limits nothing afterwards', () => {
    const { clock, reports, faults, cause } = setScene();
    cause('forged', 3);
    cause('unknown');
    faults.stop();
    expect([clock.timers, reports.length]).toEqual([0, 3]);
    expect(reports.at(-1)).toContain('2 × forged');
    cause('forged', 2);
    expect([clock.timers, reports.slice(3)]).toEqual([0, ['session: forged 0', 'session: forged 1']]);
  });
});

describe('the reports of a host', () => {
  it('limit messages that no handler accepts, by phase and code', async () => {
    const host = new MemoryHost();
    for (const code of ['COROSOCK_NOT_JSON', 'COROSOCK_NOT_JSON', 'COROSOCK_INVALID'] as const) {
      host.visit(() => {
        throw new MessageError(code);
      });
    }
    await settle();
    await host.host.close();
    expect(host.reports.map(([error, where]) => gistOf(error, where).split(':', 3).join(':'))).toEqual([
      'server: COROSOCK_NOT_JSON: ws.readJson()',
      'server: COROSOCK_INVALID: ws.readJson()',
      'server: COROSOCK_PEER_FAULTS 1 × server: COROSOCK_NOT_JSON',
    ]);
  });

  it('never limit the errors of a handler', async () => {
    const host = new MemoryHost();
    for (let i = 0; i < 5; i++) {
      host.visit(() => {
        throw new Error('of the handler');
      });
    }
    await settle();
    expect(host.reports).toHaveLength(5);
  });

  it('S1: limit forged cookies: two reports for any number', async () => {
    const clock = virtualClock();
    const reports: string[] = [];
    const options: HostOptions = {
      clock,
      sessions: { secret: 'a secret of at least 32 bytes, as is asked' },
      report: (error, where) => reports.push(gistOf(error, where).split(':', 2).join(':')),
    };
    const host = await serve(() => {}, options);
    for (let i = 0; i < 20; i++) {
      (await openRaw(host.port, { headers: { Cookie: 'corosock.sid=s%3Aforged' } }))[Symbol.dispose]();
    }
    await host.close({ graceMs: 0 });
    expect([reports, clock.timers]).toEqual([
      ['session: COROSOCK_SESSION_COOKIE', 'session: COROSOCK_PEER_FAULTS 19 × session cookie'],
      0,
    ]);
  });
});

function gistOf(error: unknown, { phase }: { readonly phase: string }): string {
  const { message, code, kind, count } = error as Error & {
    readonly code?: string;
    readonly kind?: string;
    readonly count?: number;
  };
  const counted = kind === undefined ? '' : ` ${count} × ${kind}`;
  return `${phase}: ${code === undefined ? '' : `${code}${counted}: `}${message}`;
}

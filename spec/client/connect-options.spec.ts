// Every option of `connect` with every kind of value (rule 10). Those that a host has,
// too, are tried in server/host-options.spec.ts.

import { UsageError } from 'corosock';
import { describe, expect, it } from 'vitest';
import { clientSettings, connectNames } from '../../src/client/connect-options.ts';
import type { ClientPlatform, ClientSettings, ValueOptions } from '../../src/client/connect-options.ts';
import { NODE_OPTIONS, NODE_WIRE } from '../../src/client/node-options.ts';
import { realClock } from '../../src/time/real-clock.ts';
import { HandClock } from '../time/hand-clock.ts';
import { Heartbeat } from '../../src/conversation/heartbeat.ts';

const IN_NODE: ClientPlatform = { unknown: [], own: NODE_OPTIONS, wire: NODE_WIRE, overflow: 'pause' };
const IN_BROWSER: ClientPlatform = {
  unknown: [],
  own: {},
  overflow: 'close',
};

const take = (options: object, where = IN_NODE): ClientSettings =>
  clientSettings('connect()', options, where, {});

/** The message of options that are refused. */
function refused(options: unknown, where = IN_NODE): unknown {
  try {
    return clientSettings('connect()', options as ValueOptions, where, {});
  } catch (error) {
    return error instanceof UsageError && error.code === 'COROSOCK_ARGUMENT' ? error.message : error;
  }
}

describe('clientSettings', () => {
  it('fills in the defaults that are documented', () => {
    const { deadlines: _, budget: __, traces: ___, trace: ____, ...settings } = take({});
    expect(settings).toEqual({
      maxMessageBytes: 1_048_576,
      maxFragments: 16_384,
      queueMessages: 64,
      queueBytes: 1_048_576,
      overflow: 'pause',
      writeBufferBytes: 65_536,
      writeTimeoutMs: 30_000,
      closeTimeoutMs: 5000,
      heartbeat: expect.any(Heartbeat) as unknown,
      protocols: [],
      compression: undefined,
      clock: realClock,
      headers: {},
      tls: undefined,
      agent: undefined,
      timeoutMs: 10_000,
      signal: undefined,
    });
  });

  it('has no heartbeat if it is false, and never in a browser', () => {
    expect([take({ heartbeat: false }).heartbeat, take({}, IN_BROWSER).heartbeat]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('takes undefined as not given', () => {
    const options = Object.fromEntries([...connectNames(IN_NODE)].map((name) => [name, undefined]));
    expect(take(options)).toMatchObject({ queueMessages: 64, headers: {}, timeoutMs: 10_000 });
  });

  it('takes the options given', () => {
    const { signal } = new AbortController();
    const given = {
      maxMessageBytes: 1,
      maxFragments: 9,
      queueMessages: 2,
      queueBytes: 3,
      writeBufferBytes: 4,
      writeTimeoutMs: 5,
      closeTimeoutMs: 5,
      protocols: ['chat'],
      compression: { contextTakeover: true, thresholdBytes: 7 },
      clock: new HandClock(),
      headers: { Authorization: 'Bearer \u00e9\t1' },
      timeoutMs: 6,
      signal,
    };
    expect(take(given)).toMatchObject(given);
  });

  it.each([0, 1, 0.5, 2 ** 31 - 1])('takes timeoutMs of %d', (timeoutMs) => {
    expect(take({ timeoutMs }).timeoutMs).toBe(timeoutMs);
  });

  it.each([-1, NaN, Infinity, 2 ** 31, '5000', null])('C1: refuses timeoutMs of %s', (timeoutMs) => {
    expect(refused({ timeoutMs })).toContain(
      'connect(): expected timeoutMs to be a number of milliseconds from 0 to 2147483647, got ',
    );
  });

  it.each([null, true, {}, new AbortController()])('refuses %o as signal', (signal) => {
    expect(refused({ signal })).toContain('connect(): expected signal to be an AbortSignal, got ');
  });

  it('refuses a protocol that is named twice', () => {
    expect(refused({ protocols: ['a', 'b', 'a'] })).toBe(
      'connect(): expected protocols to name each once (RFC 6455 §4.1), got an array',
    );
  });

  it('takes a copy of headers, so that a later change has no effect', () => {
    const headers: Record<string, string> = { a: '1' };
    const settings = take({ headers });
    headers['Upgrade'] = 'h2c';
    expect(settings.headers).toEqual({ a: '1' });
  });

  it.each([
    ['overflow', '.'],
    ['sessions', '.'],
    ['minDelayMs', '.'],
    ['maxPayload', '.'],
    ['header', '; did you mean "headers"?'],
  ])('C2: refuses the name %s', (name, cure) => {
    expect(refused({ [name]: undefined })).toBe(
      `connect(): unknown option "${name}"${cure} The options are ${[...connectNames(IN_NODE)].join(', ')}`,
    );
  });

  it.each(['headers', 'tls', 'agent', 'compression', 'heartbeat', 'maxFragments'])(
    'refuses in a browser an option that a page cannot have: %s',
    (name) => {
      expect(refused({ [name]: undefined }, IN_BROWSER)).toContain(`connect(): unknown option "${name}"`);
    },
  );

  it('gives all clients on one clock the same budget and timers, and those on another clock others', () => {
    const clock = new HandClock();
    const { budget, deadlines } = take({ clock });
    const again = take({ clock });
    expect([again.budget === budget, again.deadlines === deadlines]).toEqual([true, true]);
    expect(take({ clock: new HandClock() }).budget).not.toBe(budget);
  });

  it('lets a full queue close if the platform cannot pause a link', () => {
    expect(take({}, IN_BROWSER).overflow).toBe('close');
  });
});

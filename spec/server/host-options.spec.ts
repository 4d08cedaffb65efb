// Every option of a host with every kind of value (rule 10): what is taken, what is
// refused, and what stands where none is given.

import { constants } from 'node:buffer';
import { limitByAddress, UsageError } from 'corosock';
import type { HandshakeRequest, HostOptions } from 'corosock';
import { virtualClock } from 'corosock/testing';
import { describe, expect, it, vi } from 'vitest';
import { HOST_OPTIONS, settingsOf } from '../../src/server/host-options.ts';
import { PeerFaults } from '../../src/server/peer-faults.ts';
import { Heartbeat } from '../../src/conversation/heartbeat.ts';
import { realClock } from '../../src/time/real-clock.ts';
import { PausedLink } from '../../src/conversation/paused-link.ts';
import { ReadTraces } from '../../src/conversation/read-mistakes.ts';
import { LinkedList } from '../../src/structures/linked-list.ts';
import { Deadlines } from '../../src/time/deadline.ts';
import { TurnBudget } from '../../src/time/turn-budget.ts';
import { UnattendedErrors } from '../../src/waiting/unattended-errors.ts';

const take = (options: object): ReturnType<typeof settingsOf> => settingsOf('serve()', options);

/** The error of options that are refused. */
function refused(options: unknown): unknown {
  try {
    return settingsOf('serve()', options as HostOptions);
  } catch (error) {
    return error instanceof UsageError ? [error.code, error.message] : error;
  }
}

const sizes = [
  'maxFragments',
  'queueMessages',
  'queueBytes',
  'writeBufferBytes',
  'maxHandshakes',
  'maxUnadmitted',
  'poolSize',
  'maxRooms',
] as const;

const noCounts = [
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53,
  NaN,
  Infinity,
  -Infinity,
  '1',
  '1kb',
  1n,
  true,
  null,
  [1],
  {},
  () => 1,
] as const;

describe('settingsOf', () => {
  it('fills in the defaults that are documented', () => {
    expect(settingsOf('serve()', {})).toEqual({
      origins: 'same',
      trustProxy: 0,
      maxMessageBytes: 1_048_576,
      maxFragments: 16_384,
      queueMessages: 64,
      queueBytes: 1_048_576,
      overflow: 'pause',
      writeBufferBytes: 65_536,
      writeTimeoutMs: 30_000,
      closeTimeoutMs: 5000,
      maxHandshakes: 256,
      maxSockets: Infinity,
      maxUnadmitted: 1000,
      limitBy: expect.any(Function) as unknown,
      handshakeTimeoutMs: 10_000,
      expiryCode: 4401,
      maxLifetimeMs: Infinity,
      poolSize: 64,
      maxRooms: 1000,
      whenBrokerDown: 'serve',
      heartbeat: new Heartbeat(realClock, { intervalMs: 25_000, timeoutMs: 20_000 }),
      protocols: [],
      compression: undefined,
      sessions: undefined,
      clock: realClock,
      report: expect.any(Function) as unknown,
      peerFaults: expect.any(PeerFaults) as unknown,
      deadlines: expect.any(Deadlines) as unknown,
      budget: expect.any(TurnBudget) as unknown,
      traces: expect.any(ReadTraces) as unknown,
      unattended: expect.any(UnattendedErrors) as unknown,
      refuseCall: expect.any(Function) as unknown,
      lateWrites: expect.any(WeakMap) as unknown,
      lastWords: expect.any(Function) as unknown,
      inflows: expect.objectContaining({
        limits: { clock: realClock, messageTimeoutMs: 60_000, rate: undefined },
      }) as unknown,
      selects: expect.any(LinkedList) as unknown,
      PausedLink,
    });
  });

  it('takes undefined for an option that is not given', () => {
    const options = Object.fromEntries(Object.keys(HOST_OPTIONS).map((name) => [name, undefined]));
    expect(take(options)).toMatchObject({ queueMessages: 64, overflow: 'pause', clock: realClock });
  });

  it.each(sizes)('C1: takes %s from 1 to 2³¹−1', (name) => {
    expect(take({ [name]: 1 })[name]).toBe(1);
    expect(take({ [name]: 2 ** 31 - 1 })[name]).toBe(2 ** 31 - 1);
  });

  it.each(sizes.flatMap((name) => noCounts.map((value) => [name, value] as const)))(
    'C1: refuses %s of %s',
    (name, value) => {
      expect(refused({ [name]: value })).toEqual([
        'COROSOCK_ARGUMENT',
        expect.stringContaining(`serve(): expected ${name} to be an integer from 1 to 2147483647, got `),
      ]);
    },
  );

  it.each([1, 2 ** 31 - 1, Infinity])('C1: takes maxSockets of %s', (maxSockets) => {
    expect(take({ maxSockets }).maxSockets).toBe(maxSockets);
  });

  it.each(noCounts.filter((value) => value !== Infinity))('C1: refuses maxSockets of %s', (value) => {
    expect(refused({ maxSockets: value })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('maxSockets to be an integer from 1 to 2147483647, or Infinity, got '),
    ]);
  });

  it('takes a function limitBy', () => {
    const limitBy = (): undefined => undefined;
    const taken = [take({ limitBy }).limitBy, take({}).limitBy({} as HandshakeRequest)];
    expect(taken).toEqual([limitBy, undefined]);
  });

  it('refuses limitBy: limitByAddress, whose call was forgotten, where the host is made', () => {
    expect(refused({ limitBy: limitByAddress })).toEqual([
      'COROSOCK_ARGUMENT',
      'serve(): expected limitBy to be limitByAddress({ maxSockets: … }), got limitByAddress, which was not called',
    ]);
    expect(take({ limitBy: limitByAddress({ maxSockets: 1 }) }).limitBy).toBeTypeOf('function');
  });

  it.each([{ maxSockets: 1 }, 'address', null, true])('refuses limitBy %j', (limitBy) => {
    expect(refused({ limitBy })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('serve(): expected limitBy to be a function, got '),
    ]);
  });

  it.each([0, 1, 0.5, 2 ** 31 - 1])('takes closeTimeoutMs of %d', (closeTimeoutMs) => {
    expect(take({ closeTimeoutMs }).closeTimeoutMs).toBe(closeTimeoutMs);
  });

  it.each([1, 1.5, 2 ** 31 - 1])('takes writeTimeoutMs of %d', (writeTimeoutMs) => {
    expect(take({ writeTimeoutMs }).writeTimeoutMs).toBe(writeTimeoutMs);
  });

  it.each([0, 0.5, -1, NaN, Infinity, 2 ** 31, '5000', null, 1n, false])(
    'C1: refuses writeTimeoutMs of %s',
    (value) => {
      expect(refused({ writeTimeoutMs: value })).toEqual([
        'COROSOCK_ARGUMENT',
        expect.stringContaining('writeTimeoutMs to be a number of milliseconds from 1 to 2147483647, got '),
      ]);
    },
  );

  it.each([-1, NaN, Infinity, 2 ** 31, '5000', null, 1n])('C1: refuses closeTimeoutMs of %s', (value) => {
    expect(refused({ closeTimeoutMs: value })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('closeTimeoutMs to be a number of milliseconds from 0 to 2147483647, got '),
    ]);
  });

  it.each([1000, 1003, 1007, 1014, 3000, 4401, 4999])('takes expiryCode of %d', (expiryCode) => {
    expect(take({ expiryCode }).expiryCode).toBe(expiryCode);
  });

  it.each([0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 4401.5, NaN, '4401', null])(
    'C1: refuses expiryCode of %s',
    (value) => {
      expect(refused({ expiryCode: value })).toEqual([
        'COROSOCK_ARGUMENT',
        expect.stringContaining('expiryCode to be a close code of 1000–1003, 1007–1014 or 3000–4999, got '),
      ]);
    },
  );

  it.each([1, 1.5, 2 ** 31, 1e12, Infinity])('takes maxLifetimeMs of %d', (maxLifetimeMs) => {
    expect(take({ maxLifetimeMs }).maxLifetimeMs).toBe(maxLifetimeMs);
  });

  it.each([0, 0.5, -1, NaN, -Infinity, '1', null, 1n])('C1: refuses maxLifetimeMs of %s', (value) => {
    expect(refused({ maxLifetimeMs: value })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('maxLifetimeMs to be a number of milliseconds ≥ 1, got '),
    ]);
  });

  it('takes a heartbeat of any times, and none for false', () => {
    const heartbeat = { intervalMs: 1, timeoutMs: 2 ** 31 - 1 };
    expect(take({ heartbeat }).heartbeat).toEqual(new Heartbeat(realClock, heartbeat));
    expect(take({ heartbeat: false }).heartbeat).toBe(undefined);
  });

  it.each([true, null, 25_000, {}, { intervalMs: 25_000 }, { intervalMs: 0, timeoutMs: 1 }])(
    'refuses heartbeat %j',
    (heartbeat) => {
      expect(refused({ heartbeat })).toEqual([
        'COROSOCK_ARGUMENT',
        expect.stringMatching(/^serve\(\): expected heartbeat/),
      ]);
    },
  );

  it('takes maxMessageBytes up to the longest string, which text of so many bytes cannot exceed', () => {
    const longest = 536_870_888;
    expect(longest).toBeLessThanOrEqual(constants.MAX_STRING_LENGTH);
    expect([1, longest].map((maxMessageBytes) => take({ maxMessageBytes }).maxMessageBytes)).toEqual([
      1,
      longest,
    ]);
  });

  it.each([...noCounts, 536_870_889])('refuses maxMessageBytes of %s', (value) => {
    expect(refused({ maxMessageBytes: value })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('expected maxMessageBytes to be an integer from 1 to 536870888, got '),
    ]);
  });

  it('takes messageTimeoutMs and rate', () => {
    const rate = { messages: { count: 1, perMs: 10 } };
    const limits = { messageTimeoutMs: 1, rate: { ...rate, over: 'pause' } };
    expect(take({ messageTimeoutMs: 1, rate }).inflows).toMatchObject({ limits });
  });

  it.each([0, -1, NaN, Infinity, 2 ** 31, '1', null])('refuses messageTimeoutMs of %s', (value) => {
    expect(refused({ messageTimeoutMs: value })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('messageTimeoutMs to be a number of milliseconds from 1 to 2147483647, got '),
    ]);
  });

  it('refuses a rate that limits nothing', () => {
    expect(refused({ rate: {} })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('rate to have messages or bytes, got an object'),
    ]);
  });

  it.each(['pause', 'close'])('takes overflow %j', (overflow) => {
    expect(take({ overflow }).overflow).toBe(overflow);
  });

  it.each(['drop', '', null, true, 0])('refuses overflow %j', (overflow) => {
    expect(refused({ overflow })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining(`overflow to be 'pause' or 'close', got `),
    ]);
  });

  it.each([true, false])('takes compression %j', (compression) => {
    expect(take({ compression }).compression?.contextTakeover).toBe(compression ? false : undefined);
  });

  it.each(['true', 1, null])('refuses compression %j', (compression) => {
    expect(refused({ compression })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('compression to be true, false or { contextTakeover, thresholdBytes }, got '),
    ]);
  });

  it('takes a copy of protocols, which nobody changes later', () => {
    const protocols = ['b', 'a'];
    const settings = take({ protocols });
    protocols.push('c');
    expect(settings.protocols).toEqual(['b', 'a']);
    expect(Object.isFrozen(settings.protocols)).toBe(true);
  });

  it.each([
    ['a name', 'chat'],
    ['null', null],
    ['a set', new Set(['chat'])],
    ['an empty name', ['']],
    ['a name with a line break', ['chat\r\nSet-Cookie: a']],
    ['a name that is not ASCII', ['chät']],
    ['a number', [1]],
    ['a gap', Array(1)],
  ])('H22: refuses as protocols %s', (_, protocols) => {
    expect(refused({ protocols })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('protocols to be an array of tokens (RFC 9110 §5.6.2), got '),
    ]);
  });

  it('takes a clock', () => {
    const clock = virtualClock();
    expect(take({ clock }).clock).toBe(clock);
  });

  it.each([
    ['null', null],
    ['a name', 'virtual'],
    ['an object', {}],
    ['Date', Date],
    ['half a clock', { now: Date.now, setTimeout, clearTimeout }],
    ['the other half', { setTimeout, setImmediate, clearTimeout }],
  ])('refuses as clock %s', (_, clock) => {
    expect(refused({ clock })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('clock to be a Clock, got '),
    ]);
  });

  it('takes a hook for errors, and guards it', () => {
    const report = vi.fn<() => void>();
    take({ report }).report('error', { phase: 'server' });
    expect(report).toHaveBeenCalledExactlyOnceWith('error', { phase: 'server' });
  });

  it('takes each kind of origins, and refuses what is none', () => {
    const origins = [['https://a.example', /b/u], (): boolean => true, 'any', 'same'] as const;
    expect(origins.map((given) => take({ origins: given }).origins)).toEqual(origins);
    expect(refused({ origins: ['a.example'] })).toEqual([
      'COROSOCK_ARGUMENT',
      `serve(): expected origins[0] to be an origin such as 'https://a.example', or a RegExp, got "a.example"`,
    ]);
  });

  it('takes each kind of trustProxy, and refuses what is none', () => {
    const options = [0, 2, ['10.0.0.0/8'], []] as const;
    expect(options.map((trustProxy) => take({ trustProxy }).trustProxy)).toEqual(options);
    expect(refused({ trustProxy: true })).toEqual([
      'COROSOCK_ARGUMENT',
      'serve(): expected trustProxy to be a number of proxies from 0 to 32, or a list of addresses, got true',
    ]);
  });

  it('C3: reports once that any page may connect with the session of its visitor', () => {
    const report = vi.fn<(error: UsageError, where: object) => void>();
    const sessions = { secret: 'a secret of at least 32 bytes, as it should be' };
    for (const options of [{ sessions }, { origins: 'any' }, { sessions, origins: [] }])
      take({ ...options, report });
    expect(report).not.toHaveBeenCalled();
    take({ sessions, origins: 'any', report });
    expect(report.mock.calls.map(([{ code, message }, where]) => [code, message, where])).toEqual([
      [
        'COROSOCK_ANY_ORIGIN',
        `serve(): expected origins to be checked where a cookie opens a session, got 'any'`,
        { phase: 'options' },
      ],
    ]);
  });

  it.each([null, true, 'console', {}])('refuses %j as report', (report) => {
    expect(refused({ report })).toEqual([
      'COROSOCK_ARGUMENT',
      expect.stringContaining('report to be a function, got '),
    ]);
  });

  it.each<[string, object, string, string?]>([
    ['a misspelt name', { maxMessageByte: 1 }, '"maxMessageByte"', '; did you mean "maxMessageBytes"?'],
    ['another case', { Compression: true }, '"Compression"', '; did you mean "compression"?'],
    ['an option of `ws`', { maxPayload: 1 }, '"maxPayload"'],
    ['an option of serve alone', { port: 1 }, '"port"'],
    ['undefined under an unknown name', { maxPayload: undefined }, '"maxPayload"'],
    ['a name of a property', JSON.parse('{"__proto__": 1}'), '"__proto__"'],
    ['another such name', { constructor: 1 }, '"constructor"'],
  ])('C2: refuses %s', (_, options, name, cure = '.') => {
    expect(refused(options)).toEqual([
      'COROSOCK_ARGUMENT',
      `serve(): unknown option ${name}${cure} The options are ${Object.keys(HOST_OPTIONS).join(', ')}`,
    ]);
  });

  it.each([[null], [8080], ['options'], [undefined], [() => ({})]])(
    'C2: refuses %s as options',
    (options) => {
      expect(refused(options)).toEqual([
        'COROSOCK_ARGUMENT',
        expect.stringContaining('serve(): expected options to be an object, got '),
      ]);
    },
  );

  it('gives settings that nobody can change', () => {
    expect(Object.isFrozen(take({}))).toBe(true);
  });
});

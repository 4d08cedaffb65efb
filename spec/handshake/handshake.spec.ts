// What `onPreServer` holds: what can be set, by which rules, and until when.

import { UsageError } from 'corosock';
import type { HandshakeRequest } from 'corosock';
import { describe, expect, it } from 'vitest';
import { OpenHandshake, tooLate } from '../../src/handshake/handshake.ts';
import { LazySignal } from '../../src/waiting/lazy-signal.ts';

const REQUEST: HandshakeRequest = {
  url: new URL('ws://localhost/'),
  headers: {},
  params: {},
  protocols: ['v2', 'v1'],
  remoteAddress: undefined,
  raw: undefined,
};

function handshake(): OpenHandshake {
  const wanted = { socketId: { value: 'an id' }, request: REQUEST, protocol: 'v2' };
  return new OpenHandshake(wanted, undefined, new LazySignal());
}

/** The error of something that is refused. */
function refused(act: () => unknown): string {
  try {
    return String(act());
  } catch (error) {
    return error instanceof UsageError ? `${error.code}: ${error.message}` : String(error);
  }
}

describe('OpenHandshake', () => {
  it('answers with its defaults when nothing is set', () => {
    const open = handshake();
    expect([open.id, open.session, open.sessionId]).toEqual(['an id', undefined, undefined]);
    const { sharedConnection, protocol, responseHeaders } = open.answer();
    expect([sharedConnection, protocol, [...(responseHeaders ?? [])]]).toEqual([false, 'v2', []]);
  });

  it('has the signal of its deadline', () => {
    const over = new LazySignal();
    const parts = { socketId: { value: 'an id' }, request: REQUEST, protocol: '' };
    expect(new OpenHandshake(parts, undefined, over).signal).toBe(over.signal);
  });

  it('answers with the end of a credential, which is a time of day or none', () => {
    const open = handshake();
    open.expiresAt = 1;
    expect(refused(() => (open.expiresAt = -1))).toContain(
      'handshake.expiresAt: expected milliseconds since 1970',
    );
    expect(open.expiresAt).toBe(1);
    open.expiresAt = undefined;
    expect(open.expiresAt).toBe(undefined);
    open.expiresAt = 2;
    expect(open.answer().expiresAt).toBe(2);
    expect(refused(() => (open.expiresAt = 3))).toContain('COROSOCK_TOO_LATE');
  });

  it('refuses the end of a credential in seconds, as a JWT has it', () => {
    const open = handshake();
    for (const seconds of [1e9, 1_795_907_427, 1e11 - 1])
      expect(refused(() => (open.expiresAt = seconds))).toContain('not seconds (of a JWT: exp * 1000)');
    for (const milliseconds of [1e9 - 1, 1e11]) {
      open.expiresAt = milliseconds;
      expect(open.expiresAt).toBe(milliseconds);
    }
  });

  it('answers with what was set', () => {
    const open = handshake();
    open.sharedConnection = true;
    open.protocol = 'v1';
    open.responseHeaders.append('Set-Cookie', 'a=1');
    open.responseHeaders.append('Set-Cookie', 'b=2');
    expect([open.sharedConnection, open.protocol]).toEqual([true, 'v1']);
    const { sharedConnection, protocol, responseHeaders } = open.answer();
    expect([sharedConnection, protocol, [...(responseHeaders ?? [])]]).toEqual([
      true,
      'v1',
      [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    ]);
  });

  it('answers with the headers that it has checked, whatever is set later', () => {
    const open = handshake();
    open.responseHeaders.set('X-Mark', '1');
    const { responseHeaders } = open.answer();
    open.responseHeaders.set('Upgrade', 'h2c');
    open.responseHeaders.set('X-Mark', 'secrét');
    expect(responseHeaders).toEqual([['x-mark', '1']]);
  });

  it('answers with no protocol where the hook says so, though some were offered', () => {
    const open = handshake();
    open.protocol = '';
    expect(open.answer().protocol).toBe('');
  });

  it('refuses a protocol that was not offered, and keeps what it had', () => {
    const open = handshake();
    for (const protocol of ['v3', 'V1', 'v1 ', 'v1, v2', 'constructor']) {
      expect(refused(() => (open.protocol = protocol))).toMatch(
        /^COROSOCK_ARGUMENT: handshake\.protocol: expected one of those offered/,
      );
    }
    expect(open.answer().protocol).toBe('v2');
  });

  it.each([1, 'true', undefined, null])('refuses %s for sharedConnection', (shared) => {
    const open = handshake();
    expect(refused(() => (open.sharedConnection = shared as unknown as boolean))).toContain(
      'COROSOCK_ARGUMENT: handshake.sharedConnection: expected true or false',
    );
  });

  it.each(['Upgrade', 'connection', 'Sec-WebSocket-Accept', 'SEC-WEBSOCKET-PROTOCOL', 'Sec-WebSocket-X'])(
    "refuses the header %s, which is the handshake's own",
    (name) => {
      const open = handshake();
      open.responseHeaders.set(name, 'mine');
      expect(refused(() => open.answer())).toBe(
        `COROSOCK_ARGUMENT: handshake.responseHeaders: expected no header of the handshake's own, got "${name.toLowerCase()}"`,
      );
    },
  );

  it.each(['Content-Length', 'Transfer-Encoding'])(
    'refuses the header %s, of which a 101 has none',
    (name) => {
      const open = handshake();
      open.responseHeaders.set(name, '0');
      expect(refused(() => open.answer())).toContain(`own, got "${name.toLowerCase()}"`);
    },
  );

  it.each(['grün', 'a\u007f', 'a\u0001b'])('H22: refuses a header that is not visible ASCII: %j', (value) => {
    const open = handshake();
    open.responseHeaders.set('X-Name', value);
    expect(refused(() => open.answer())).toContain(
      'COROSOCK_ARGUMENT: handshake.responseHeaders, x-name: expected visible ASCII',
    );
  });

  it('H22: has headers that refuse line ends by themselves', () => {
    const { responseHeaders } = handshake();
    expect(() => responseHeaders.set('X-Name', 'a\r\nb: c')).toThrow(TypeError);
    expect(() => responseHeaders.set('X-Name\r\nb', 'a')).toThrow(TypeError);
  });

  it('H24: does not show the value of a header that it refuses', () => {
    const open = handshake();
    open.responseHeaders.set('Set-Cookie', 'sid=sécret');
    expect(refused(() => open.answer())).not.toContain('cret');
  });

  it('H24: does not show the protocols that were offered: some clients put a token there', () => {
    expect(refused(() => (handshake().protocol = 'v3'))).not.toContain('v1');
  });

  it('H24: does not show a protocol that it refuses, which may be all that the client has sent', () => {
    expect(refused(() => (handshake().protocol = 'v1, TOKEN'))).not.toContain('TOKEN');
  });

  it('cannot be changed once it is answered', () => {
    const open = handshake();
    open.answer();
    expect([
      refused(() => (open.sharedConnection = true)),
      refused(() => (open.protocol = 'v1')),
      open.sharedConnection,
      open.protocol,
    ]).toEqual([
      `COROSOCK_TOO_LATE: ${tooLate('handshake.sharedConnection').message}`,
      `COROSOCK_TOO_LATE: ${tooLate('handshake.protocol').message}`,
      false,
      'v2',
    ]);
  });
});

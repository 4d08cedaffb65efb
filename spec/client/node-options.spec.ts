// The options that a client has in Node alone, with every kind of value (rule 10).

import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { createSecureContext } from 'node:tls';
import { UsageError } from 'corosock';
import { describe, expect, it } from 'vitest';
import { clientSettings } from '../../src/client/connect-options.ts';
import type { ClientSettings } from '../../src/client/connect-options.ts';
import { NODE_OPTIONS } from '../../src/client/node-options.ts';

const take = (options: object): ClientSettings =>
  clientSettings('connect()', options, { unknown: [], own: NODE_OPTIONS, overflow: 'pause' }, {});

/** The message of options that are refused. */
function refused(options: object): unknown {
  try {
    return take(options);
  } catch (error) {
    return error instanceof UsageError && error.code === 'COROSOCK_ARGUMENT' ? error.message : error;
  }
}

const read = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');
const cert = read('localhost-cert.pem');
const key = read('localhost-key.pem');

describe('headers', () => {
  it.each([
    'Connection',
    'upgrade',
    'Sec-WebSocket-Key',
    'sec-websocket-protocol',
    'Content-Length',
    'Transfer-Encoding',
    '',
    'a b',
    'a\r\nb',
    'ä',
  ])('H22: refuses a header of the name %j', (name) => {
    expect(refused({ headers: { [name]: '1' } })).toContain(
      "connect(): expected headers to have names of its own, none of the handshake's, got ",
    );
  });

  it.each(['secret\r\nCookie: a', 'secret\0', 'secret €', 7, null, ['secret']])(
    'H22, H24: refuses a header of the value %j, and does not show it',
    (value) => {
      expect(refused({ headers: { Authorization: value } })).toBe(
        `connect(): expected the header Authorization to be text of ISO-8859-1 in one line, got "${typeof value}"`,
      );
    },
  );

  it.each([null, 'a: b', 7, [['a', 'b']]])('refuses %j as headers', (headers) => {
    expect(refused({ headers })).toContain(
      'connect(): expected headers to be an object of strings or a Headers',
    );
  });

  it('takes the pairs of a Headers, and checks them', () => {
    expect(take({ headers: new Headers({ Authorization: 'Ada' }) }).headers).toEqual({
      authorization: 'Ada',
    });
    expect(refused({ headers: new Headers({ Upgrade: 'h2c' }) })).toContain('names of its own');
  });

  it('refuses a Map, of which no line would be sent', () => {
    expect(refused({ headers: new Map([['authorization', 'Ada']]) })).toBe(
      'connect(): expected headers to be an object of strings or a Headers (of pairs: Object.fromEntries(headers)), ' +
        'got an object',
    );
  });
});

describe('tls', () => {
  it.each([
    ['nothing', {}],
    ['an authority', { ca: cert }],
    ['several', { ca: [cert, Buffer.from(cert)] }],
    ['a certificate of the client', { cert, key, servername: 'localhost' }],
    ['a context', { secureContext: createSecureContext({ ca: cert }) }],
    ['no check at all', { rejectUnauthorized: false }],
  ])('takes %s', (_, tls) => {
    expect(take({ tls }).tls).toBe(tls);
  });

  it.each([
    ['no object', 'on', 'connect(): expected tls to be an object, got "on"'],
    ['null', null, 'connect(): expected tls to be an object, got null'],
    [
      'a name that is misspelt',
      { rejectUnauthorised: true },
      'unknown option "rejectUnauthorised"; did you mean "rejectUnauthorized"?',
    ],
    [
      'where to connect',
      { host: 'elsewhere' },
      'connect() tls: unknown option "host". The options are ALPNProtocols, ',
    ],
    ['the name of a file', { ca: ['./ca.pem'] }, 'expected tls.ca to be PEM, as in the file, got another'],
    ['another name of a file', { key: './key.pem' }, 'expected tls.key to be PEM, as in the file'],
    [
      'a key that is none',
      { cert, key: cert },
      'expected tls to be what node:tls takes, got an error of it: ',
    ],
  ])('refuses %s', (_, tls, message) => {
    expect(refused({ tls })).toContain(message);
  });
});

describe('agent', () => {
  it('takes an agent of node:http', () => {
    const agent = new Agent();
    expect(take({ agent }).agent).toBe(agent);
  });

  it.each([null, true, {}, 'http://proxy', () => {}])('refuses %o', (agent) => {
    expect(refused({ agent })).toContain('connect(): expected agent to be an http.Agent, got ');
  });
});

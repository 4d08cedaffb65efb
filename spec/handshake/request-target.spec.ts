// Request targets: which are paths, and that no spelling turns into another. Over real ports, with
// H11: spec/faults/handshake-targets.spec.ts.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseTarget, targetOf } from '../../src/handshake/request-target.ts';

describe('parseTarget', () => {
  it.each([
    ['/', '/'],
    ['/chat', '/chat'],
    ['/chat/', '/chat/'],
    ['/chat?room=1', '/chat'],
    ['/chat?a/../b', '/chat'],
    ['/chat?%zz', '/chat'],
    ['//', '//'],
    ['//evil.example/chat', '//evil.example/chat'],
    ['/%63hat', '/%63hat'],
    ['/%ff', '/%ff'],
    ['/a%2F..%2Fb', '/a%2F..%2Fb'],
    ['/...', '/...'],
    ['/.hidden', '/.hidden'],
    ['/a;b=c', '/a;b=c'],
    ['/@:[]!', '/@:[]!'],
  ])('takes %s as it was sent', (text, path) => {
    expect(parseTarget(text, 'localhost:8080')).toEqual({ path, text });
  });

  it.each([
    ['ws://localhost/chat?a', { path: '/chat', text: '/chat?a' }],
    ['HTTP://LOCALHOST/chat', { path: '/chat', text: '/chat' }],
    ['wss://localhost', { path: '/', text: '/' }],
    ['https://localhost?a', { path: '/', text: '/?a' }],
  ])('takes %s, which names our own host', (text, target) => {
    expect(parseTarget(text, 'localhost')).toEqual(target);
  });

  it.each([
    ['nothing', ''],
    ['the asterisk form', '*'],
    ['the authority form', 'localhost:80'],
    ['a relative path', 'chat'],
    ['another host', 'http://evil.example/chat'],
    ['another port', 'http://localhost:81/chat'],
    ['user information', 'http://me@localhost/chat'],
    ['an empty authority', 'http:///chat'],
    ['another scheme', 'ftp://localhost/chat'],
    ['a fragment', '/chat#a'],
    ['a backslash', '/a\\..\\b'],
    ['a control character', '/a\0'],
    ['a tab', '/a\tb'],
    ['a space', '/a b'],
    ['what is not ASCII', '/chät'],
    ['a dot segment', '/a/../b'],
    ['a dot segment at the end', '/a/..'],
    ['one dot', '/./a'],
    ['an encoded dot segment', '/a/%2e%2E/b'],
    ['a half encoded dot segment', '/a/.%2e/b'],
    ['one encoded dot', '/%2e/a'],
    ['a dot segment in absolute form', 'http://localhost/../a'],
    ['an escape that is cut', '/%4'],
    ['an escape without digits', '/%zz'],
    ['a lone percent sign', '/100%'],
  ])('refuses %s', (_, text) => {
    expect(parseTarget(text, 'localhost')).toBe(undefined);
  });

  it('refuses a host of which no URL can be made', () => {
    expect(parseTarget('/', 'localhost:99999')).toBe(undefined);
    expect(parseTarget('/', '[::1')).toBe(undefined);
  });

  it('gives a path that a URL does not change', () => {
    const pieces = '/ / . .. %2e %2F %5c ? %41 a http://h ws://h/ ; @ :80 | ^'.split(' ');
    const text = fc
      .array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 8 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (sent) => {
        const target = parseTarget(sent, 'h');
        fc.pre(target !== undefined);
        const { pathname } = new URL(`ws://h${target.text}`);
        expect(pathname.replaceAll('%5E', '^')).toBe(target.path);
      }),
      { numRuns: 1000 },
    );
  });

  it('never throws', () => {
    const unit = fc.integer({ min: 0, max: 0xff_ff }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.string({ unit }), fc.string(), (text, host) => {
        expect(() => parseTarget(text, host)).not.toThrow();
      }),
    );
  });

  it.each([
    ['localhost', true],
    ['chat.example.com:8080', true],
    ['127.0.0.1', true],
    ['127.0.0.1:65535', true],
    ['[::1]:80', true],
    ['0.0.0.0', true],
    ['127.0.0.1:65536', false],
    ['256.0.0.1', false],
    ['127.0.0.08', false],
    ['1.2.3.4.5', false],
    ['a.0x1', false],
    ['[::1', false],
  ])('takes %s where it can be the host of a URL', (host, can) => {
    expect([parseTarget('/', host) !== undefined, URL.canParse(`ws://${host}/`)]).toEqual([can, can]);
  });

  it('takes the hosts of which a URL can be made, and no others', () => {
    const label = fc.oneof(
      fc.stringMatching(/^[a-z\d-]{1,5}$/u),
      fc.constantFrom('0', '01', '08', '255', '256', '0x1', 'xn--', 'xn--a', '1e3', 'a', ''),
    );
    const host = fc.tuple(fc.array(label, { minLength: 1, maxLength: 5 }), fc.option(fc.nat(70_000)));
    fc.assert(
      fc.property(host, ([labels, port]) => {
        const text = labels.join('.') + (port === null ? '' : `:${port}`);
        expect([text, parseTarget('/', text) !== undefined]).toEqual([text, URL.canParse(`ws://${text}/`)]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('targetOf', () => {
  it('reads the request line and the Host header', () => {
    const request = { url: 'http://a/chat?b', headers: { host: 'a' } };
    expect(targetOf(request)).toEqual({ path: '/chat', text: '/chat?b' });
  });

  it('finds no target without a Host, nor without a request line', () => {
    expect([targetOf({ url: '/chat', headers: {} }), targetOf({ headers: { host: 'a' } })]).toEqual([
      undefined,
      undefined,
    ]);
  });
});

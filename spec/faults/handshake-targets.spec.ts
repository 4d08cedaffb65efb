// H11: targets that are none, or that try to be another one. Traversal never
// changes the route: whatever is sent, a handler runs only for a path that its
// pattern matches as it was sent.

import { serve } from 'corosock';
import type { Host } from 'corosock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refused } from '../fixtures/refused.ts';
import { closeFrame } from '../peers/frames.ts';
import { openRaw, upgradeRequest } from '../peers/raw-client.ts';

let host: Host;
/** The routes whose handlers ran, with their parameters. */
const runs: string[] = [];

beforeAll(async () => {
  host = await serve({
    '/admin': () => void runs.push('admin'),
    '/chat/:room': ({ request }) => void runs.push(`room ${request.params['room'] ?? ''}`),
    '/files/*path': ({ request }) => void runs.push(`file ${request.params['path'] ?? ''}`),
  });
});
afterAll(() => host.close());

const target = (text: string): Buffer =>
  Buffer.from(upgradeRequest({ requestLine: `GET ${text} HTTP/1.1` }), 'latin1');

describe('H11: a target', () => {
  it.each([
    ['//', 404],
    ['///', 404],
    ['//admin', 404],
    ['//evil.example/admin', 404],
    ['///admin', 404],
    ['/admin/', 404],
    ['/Admin', 404],
    ['/%61dmin', 404],
    ['/admi%6e', 404],
    ['/admin%2f', 404],
    ['/admin%00', 404],
    ['/admin;a=b', 404],
    ['/chat', 404],
    ['/chat/', 404],
    ['/chat/a/b', 404],
    ['/chat//', 404],
    ['/chat/..%2fadmin%2f/x', 404],
    ['/%ff', 404],
    ['/%2fadmin', 404],
    ['/%2F%2Fadmin', 404],
    ['/.admin', 404],
    ['/...', 404],
    ['/constructor', 404],
    ['/__proto__', 404],
    [`/${'a'.repeat(8192)}`, 404],
    [`/${'a/'.repeat(4096)}`, 404],
    ['/chat/%ff', 400],
    ['/chat/%c0%ae%c0%ae', 400],
    ['/chat/%', 400],
    ['/chat/%4', 400],
    ['/chat/%zz', 400],
    ['/%', 400],
    ['/files/%ff', 400],
    ['*', 400],
    ['admin', 400],
    ['./admin', 400],
    ['?admin', 400],
    ['#/admin', 400],
    ['/admin#', 400],
    ['/../admin', 400],
    ['/./admin', 400],
    ['/chat/../admin', 400],
    ['/chat/..', 400],
    ['/chat/.', 400],
    ['/%2e%2e/admin', 400],
    ['/%2E./admin', 400],
    ['/.%2e/admin', 400],
    ['/%2e/admin', 400],
    ['/chat/x/%2e%2e/%2e%2e/admin', 400],
    ['/files/../../admin', 400],
    ['/files/a/%2e%2e/admin', 400],
    ['/..\\admin', 400],
    ['\\admin', 400],
    ['/chat/a\\..\\admin', 400],
    ['/admin\0', 400],
    ['/admin\t', 400],
    ['/admin\u007f', 400],
    ['/admin\u00e9', 400],
    ['/admin<', 400],
    ['/admin"', 400],
    ['http://evil.example/admin', 400],
    ['http://127.0.0.1:81/admin', 400],
    ['http://127.0.0.1@evil.example/admin', 400],
    ['http://evil.example@127.0.0.1/admin', 400],
    ['http://127.0.0.1\\@evil.example/admin', 400],
    ['http://127.0.0.1.evil.example/admin', 400],
    ['http:///admin', 400],
    ['http:/admin', 400],
    ['file:///admin', 400],
    ['javascript:alert(1)', 400],
    ['http://127.0.0.1/../admin', 400],
    ['http://127.0.0.1/%2e%2e/admin', 400],
    ['http://127.0.0.1', 404],
    ['http://127.0.0.1//admin', 404],
    ['127.0.0.1:80', 400],
    ['/chat/%2e%2e%2fadmin', 400],
    ['/chat/..%2fadmin', 400],
    ['/chat/%5c..%5cadmin', 400],
    ['/chat/%00', 400],
    ['/files/a%2F..%2Fb', 400],
    ['/files/a/%2e%2e%2f%2e%2e%2fadmin', 400],
    ['/admin HTTP/1.1', 400],
  ])('%j gets %i, and no handler runs', async (text, status) => {
    runs.length = 0;
    const answers = await Promise.all([target(text), plain(text)].map((bytes) => refused(host.port, bytes)));
    expect(answers.map((answer) => answer.status)).toEqual([status, status]);
    expect(runs).toEqual([]);
  });

  it.each([
    ['/admin', 'admin'],
    ['/admin?/../chat', 'admin'],
    ['/admin?%ff', 'admin'],
    ['http://127.0.0.1/admin', 'admin'],
    ['WS://127.0.0.1/admin', 'admin'],
    ['/chat/%2525', 'room %25'],
    ['/chat/%252e%252e%252fadmin', 'room %2e%2e%2fadmin'],
    ['/chat/%F0%9F%98%80', 'room 😀'],
    ['/chat/...', 'room ...'],
    ['/chat/__proto__', 'room __proto__'],
    [`/chat/${'a'.repeat(8000)}`, `room ${'a'.repeat(8000)}`],
    ['/files/a//b', 'file a//b'],
  ])('%j leads to its own route, and to no other', async (text, run) => {
    runs.length = 0;
    using client = await openRaw(host.port, { requestLine: `GET ${text} HTTP/1.1` });
    await client.send(closeFrame(1000));
    await client.untilClosed();
    expect(runs).toEqual([run]);
  });
});

/** The same target in a request that is no upgrade. */
function plain(text: string): Buffer {
  return Buffer.from(`GET ${text} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, 'latin1');
}

// The 13 probes (spec/faults/README.md, "Probes"), each of which brings a naive layer over
// `ws` down, sent to a server in a process of its own. After each the same process still
// talks, and in the end it stops when it is asked to.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackage } from '../fixtures/built-package.ts';
import type { BuiltPackage, ScriptRun } from '../fixtures/built-package.ts';
import { refused } from '../fixtures/refused.ts';
import { frame, OPCODE, textFrame } from '../peers/frames.ts';
import { connectRaw, openRaw, upgradeRequest } from '../peers/raw-client.ts';

let built: BuiltPackage;
let server: ScriptRun;
let port: number;
/** Where each upgrade is handed over twice. */
let twicePort: number;

beforeAll(async () => {
  built = await buildPackage();
  server = built.run('probed.js');
  const [first, second] = (await server.firstLine).split(' ').map(Number);
  port = first ?? 0;
  twicePort = second ?? 0;
}, 60_000);
afterAll(async () => {
  server.child.kill('SIGKILL');
  await built[Symbol.asyncDispose]();
});

const line = (target: string): string => `GET ${target} HTTP/1.1`;
const upgrade = (target: string): string => upgradeRequest({ requestLine: line(target) });
const plain = (target: string): string => `${line(target)}\r\nHost: a\r\n\r\n`;

/** What a path answers to a message, or how it ends. */
async function talk(onPort: number, target: string, message: string): Promise<string> {
  using client = await openRaw(onPort, { requestLine: line(target) });
  await client.send(textFrame(message));
  const { opcode, payload } = await client.nextFrame();
  return opcode === OPCODE.close ? `closed with ${payload.readUInt16BE(0)}` : payload.toString();
}

describe('the process survives', () => {
  it.each<readonly [probe: string, send: () => Promise<unknown>, result: unknown]>([
    ['P1: the target //', () => statuses(upgrade('//'), plain('//')), [404, 404]],
    ['P2: an escape that is none', () => statuses(upgrade('/chat/%ff%'), plain('/chat/%ff%')), [400, 400]],
    ['P3: a reset while its handler sets up', resetEarly, undefined],
    ['P4: a handler that throws before anything else', () => talk(port, '/throws', '1'), 'closed with 1011'],
    ['P5: an upgrade that is handed over twice', () => talk(twicePort, '/echo', '1'), '1'],
    ['P6: a frame that breaks the rules', sendBadFrame, { code: 1002, reason: '' }],
    ['P7: a handler that throws', () => talk(port, '/throws-later', '1'), 'closed with 1011'],
    ['P8: a handler that rejects', () => talk(port, '/rejects', '1'), 'closed with 1011'],
    ['P9: a close with code 1005', () => talk(port, '/code-1005', '1'), '1'],
    ['P10: a close with a reason of 200 bytes', () => talk(port, '/long-reason', '1'), '1'],
    ['P11: what is no JSON', () => talk(port, '/json', '{'), 'closed with 1011'],
    ['P12: the id constructor', () => talk(port, '/by-id', 'constructor'), 'undefined'],
    ['P13: a close with code 99', () => talk(port, '/code-99', '1'), '1'],
  ])('probe %s', async (_, send, result) => {
    expect(await send()).toEqual(result);
    expect(await talk(port, '/echo', 'still there?')).toBe('still there?');
    expect([server.child.exitCode, server.child.signalCode]).toEqual([null, null]);
  });

  it('all of them, and then stops when it is asked to', async () => {
    server.child.kill('SIGTERM');
    const { code, stderr } = await server.end;
    expect(code).toBe(0);
    expect(stderr.match(/^\(node:\d+\) \[\w+\] .*$/gm)).toEqual(
      [
        'Error: thrown',
        'UsageError: host.handleUpgrade()',
        'Error: thrown later',
        'Error: rejected',
        // Of calls that nothing awaits.
        'UsageError: ws.endServer()',
        'UsageError: ws.endServer()',
        'SyntaxError',
        'UsageError: ws.endServer()',
      ].map(
        (error) => expect.stringMatching(`COROSOCK_REPORT.*: ${error.replaceAll(/[()]/g, '.')}`) as unknown,
      ),
    );
  });
});

async function statuses(...requests: readonly string[]): Promise<readonly number[]> {
  const answers = await Promise.all(requests.map((request) => refused(port, request)));
  return answers.map(({ status }) => status);
}

async function resetEarly(): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    using client = await connectRaw(port);
    await client.send(upgrade('/slow'));
    client.reset();
  }
}

async function sendBadFrame(): Promise<unknown> {
  using client = await openRaw(port, { requestLine: line('/echo') });
  await client.send(frame({ opcode: OPCODE.text, payload: 'unmasked', mask: false }));
  return await client.untilCloseFrame();
}

// What keeps a process alive, in processes of their own: an open port and the deadline of
// `host.close` do, a wait in memory does not.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildPackage } from '../fixtures/built-package.ts';
import type { BuiltPackage } from '../fixtures/built-package.ts';
import { closeFrame } from '../peers/frames.ts';
import { connectRaw, openRaw } from '../peers/raw-client.ts';

let built: BuiltPackage;
beforeAll(async () => {
  built = await buildPackage();
}, 60_000);
afterAll(() => built[Symbol.asyncDispose]());

describe('a process', { timeout: 30_000 }, () => {
  it('lives until the deadline of host.close has come', async () => {
    const { code, stdout, stderr } = await built.run('closing-in-memory.js').end;
    expect([code, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      finished: 0,
      closed: 0,
      abandoned: [{ id: expect.any(String) as string }],
    });
  });

  it('is not kept alive by a wait in memory', async () => {
    expect(await built.run('waiting-in-memory.js').end).toEqual({ code: 0, stdout: 'waiting', stderr: '' });
  });

  it.each<NodeJS.Signals>(['SIGTERM', 'SIGINT'])(
    'L1, L5, L6: with `signals`, ends with code 0 and a free port after %s',
    async (signal) => {
      const { child, firstLine, end } = built.run('signalled.js');
      const ports = (await firstLine).split(' ').map(Number);
      using client = await openRaw(ports[0] as number);
      child.kill(signal);
      expect(await client.untilCloseFrame()).toEqual({ code: 1001, reason: '' });
      await client.send(closeFrame(1001));
      expect(await end).toMatchObject({ code: 0, stderr: '' });
      for (const port of ports)
        await expect(connectRaw(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    },
  );

  it.each<[NodeJS.Signals, NodeJS.Signals, number]>([
    ['SIGTERM', 'SIGTERM', 143],
    ['SIGTERM', 'SIGINT', 130],
  ])('L2: with `signals`, ends at once after %s and then %s', async (first, second, code) => {
    const { child, firstLine, end } = built.run('signalled.js');
    using client = await openRaw(Number((await firstLine).split(' ')[0]), {
      requestLine: 'GET /stuck HTTP/1.1',
    });
    child.kill(first);
    await client.untilCloseFrame();
    child.kill(second);
    expect(await end).toMatchObject({ code, stderr: '' });
  });

  it('L3, L4, L5: ends by itself once its host has closed, whatever its peers do', async () => {
    const { child, firstLine, end } = built.run('serving.js');
    const port = Number(await firstLine);
    using silent = await openRaw(port);
    using stalled = await openRaw(port);
    stalled.pause();
    child.kill('SIGTERM');
    const { code, stdout, stderr } = await end;
    expect([code, stderr]).toEqual([0, '']);
    expect(await silent.untilCloseFrame()).toEqual({ code: 1001, reason: '' });
    expect(JSON.parse(stdout.split('\n')[1] ?? '')).toMatchObject({ finished: 0, closed: 2, abandoned: [] });
  });
});

// The one warning that is not an error: who gets it, when, and how often. Each spec
// loads the library anew, for the warning is given once in a process.

import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Socket } from '../../src/socket/socket.ts';
import { DEFAULT_READ_LENGTH } from '../../src/conversation/pending-read.ts';

const LONG = 'x'.repeat(DEFAULT_READ_LENGTH + 1);

describe('COROSOCK_CUT', () => {
  const emitWarning = vi.spyOn(process, 'emitWarning');

  beforeEach(() => {
    vi.resetModules();
    emitWarning.mockReset().mockReturnValue();
  });

  /** What was warned of while a conversation took some messages with `read`. */
  async function warningsOf(
    messages: readonly string[],
    read: (ws: Socket) => Promise<unknown>,
  ): Promise<readonly unknown[]> {
    const { scripted } = await import('./scripted-transport.ts');
    const { link, ws } = scripted();
    link.arrive(...messages);
    while (ws.queued.messages > 0) await read(ws);
    return emitWarning.mock.calls;
  }

  it('is given when the default len cuts a message, and names readMessage', async () => {
    const warnings = await warningsOf([LONG], (ws) => ws.read());
    expect(warnings).toEqual([
      [expect.stringContaining('ws.readMessage()'), { type: 'CorosockWarning', code: 'COROSOCK_CUT' }],
    ]);
  });

  it('is given while nothing is lost: the first 32 656 units come, and the next read goes on', async () => {
    const lengths: (number | undefined)[] = [];
    await warningsOf([LONG], async (ws) => lengths.push((await ws.read())[0]?.length));
    expect(lengths).toEqual([32_656, 1]);
  });

  it('is given once in a process', async () => {
    expect(await warningsOf([LONG, LONG, LONG + LONG], (ws) => ws.read())).toHaveLength(1);
  });

  it('is given to a read that was waiting, too', async () => {
    const { scripted } = await import('./scripted-transport.ts');
    const { link, ws } = scripted();
    const read = ws.read();
    link.arrive(LONG);
    await read;
    expect(emitWarning).toHaveBeenCalledTimes(1);
  });

  it.each<[string, string, (ws: Socket) => Promise<unknown>]>([
    ['a message that fits', LONG.slice(1), (ws) => ws.read()],
    ['a len of the caller’s own', LONG, (ws) => ws.read(DEFAULT_READ_LENGTH)],
    ['readMessage', LONG, (ws) => ws.readMessage()],
    ['iteration', LONG, (ws) => ws[Symbol.asyncIterator]().next()],
  ])('is not given for %s', async (_, message, read) => {
    expect(await warningsOf([message], read)).toEqual([]);
  });
});

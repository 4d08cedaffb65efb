// `readText`: the text of the oldest message, whole. When it takes a message, and what it refuses.

import { describe, expect, expectTypeOf, it } from 'vitest';
import type { ReadResult } from 'corosock';
import { CLOSED_BY_PEER, scripted } from '../conversation/scripted-transport.ts';

const LONG = 'x'.repeat(100_000);
const NOT_UTF8 = new Uint8Array([0xff]);

describe('readText', () => {
  it('gives the text of each message whole, also where `read` would cut it', async () => {
    const { link, ws } = scripted();
    link.arrive(LONG, '');
    const texts = [await ws.readText(), await ws.readText()];
    expect([texts, ws.atEnd]).toEqual([
      [
        [LONG, 'ok'],
        ['', 'ok'],
      ],
      true,
    ]);
    expectTypeOf(ws.readText()).toEqualTypeOf<Promise<ReadResult<string>>>();
  });

  it('gives the rest of a message that `read` has cut', async () => {
    const { link, ws } = scripted();
    link.arrive('websocket');
    await ws.read(3);
    expect(await ws.readText()).toEqual(['socket', 'ok']);
  });

  it('rejects for a binary message with 1003, and has taken it', async () => {
    const { link, ws } = scripted();
    link.arrive(new Uint8Array([65]), 'next');
    await expect(ws.readText()).rejects.toMatchObject({
      code: 'COROSOCK_NOT_TEXT',
      closeCode: 1003,
      message: 'ws.readText(): expected text, but the message is binary',
    });
    expect(await ws.readText()).toEqual(['next', 'ok']);
  });

  it('decodes bytes as UTF-8 with binaryData, and refuses bytes that are not', async () => {
    const { link, ws } = scripted();
    ws.binaryData = true;
    link.arrive('€', new Uint8Array([65]), NOT_UTF8);
    expect([await ws.readText(), await ws.readText()]).toEqual([
      ['€', 'ok'],
      ['A', 'ok'],
    ]);
    await expect(ws.readText()).rejects.toMatchObject({ code: 'COROSOCK_NOT_TEXT', closeCode: 1003 });
  });

  it('takes the time alone, as `readMessage` does', async () => {
    const { clock, ws } = scripted();
    const late = ws.readText(100);
    clock.tick(100);
    expect(await late).toEqual([undefined, 'timeout']);
    await expect(ws.readText('5s' as never)).rejects.toThrow(
      'ws.readText(): expected milliseconds or options, got "5s"',
    );
  });

  it('takes nothing when it times out or its signal aborts', async () => {
    const { link, clock, ws } = scripted();
    const late = ws.readText({ timeoutMs: 100 });
    clock.tick(100);
    expect(await late).toEqual([undefined, 'timeout']);
    const controller = new AbortController();
    const aborted = ws.readText({ signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    link.arrive('kept');
    expect(await ws.readText()).toEqual(['kept', 'ok']);
  });

  it('gives closed after all messages', async () => {
    const { link, ws } = scripted();
    link.arrive('last');
    link.end(CLOSED_BY_PEER);
    expect([await ws.readText(), await ws.readText()]).toEqual([
      ['last', 'ok'],
      [undefined, 'closed'],
    ]);
  });

  it('refuses wrong options, and takes nothing', async () => {
    const { link, ws } = scripted();
    link.arrive('kept');
    await expect(ws.readText({ len: 3 } as object)).rejects.toThrow(
      'ws.readText(): unknown option "len". The options are timeoutMs, signal',
    );
    expect(await ws.readText()).toEqual(['kept', 'ok']);
  });

  it('names the line of its caller when a second read begins', async () => {
    const { ws } = scripted();
    void ws.readText();
    await expect(ws.readText()).rejects.toThrow(/another one waits already, at .*read-text\.spec\.ts:/);
  });
});

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { OwnEchoes } from '../../src/redis/own-echoes.ts';
import { Ring } from '../../src/structures/ring.ts';

const bytes = (words: string): Uint8Array => new TextEncoder().encode(words);

describe('OwnEchoes', () => {
  it('knows an echo once', () => {
    const echoes = new OwnEchoes();
    echoes.expect('a', bytes('1'));
    expect([echoes.isEcho('b', bytes('1')), echoes.isEcho('a', bytes('2'))]).toEqual([false, false]);
    expect([echoes.isEcho('a', bytes('1')), echoes.isEcho('a', bytes('1')), echoes.size]).toEqual([
      true,
      false,
      0,
    ]);
  });

  it('forgets what was sent before an echo: its own echo is lost', () => {
    const echoes = new OwnEchoes();
    for (const words of ['1', '2', '3']) echoes.expect('a', bytes(words));
    expect(echoes.isEcho('a', bytes('2'))).toBe(true);
    expect([echoes.isEcho('a', bytes('1')), echoes.isEcho('a', bytes('3')), echoes.size]).toEqual([
      false,
      true,
      0,
    ]);
  });

  it('keeps, over the loss of a link, what the server has not taken yet', () => {
    const echoes = new OwnEchoes();
    const take = echoes.expect('a', bytes('taken'));
    echoes.expect('a', bytes('under way'));
    take();
    echoes.lose();
    expect([echoes.isEcho('a', bytes('taken')), echoes.isEcho('a', bytes('under way'))]).toEqual([
      false,
      true,
    ]);
  });

  it('keeps nothing, over the loss of a link, where the server had taken all', () => {
    const echoes = new OwnEchoes();
    echoes.expect('a', bytes('taken'))();
    echoes.lose();
    expect([echoes.size, echoes.isEcho('a', bytes('taken'))]).toEqual([0, false]);
    echoes.expect('a', bytes('next'));
    expect([echoes.isEcho('a', bytes('next')), echoes.size]).toEqual([true, 0]);
  });

  it('tells messages of others apart without a look at all of its own', () => {
    const echoes = new OwnEchoes();
    for (let count = 1000; count < 2000; count += 1) echoes.expect('a', bytes(`of mine ${count}`));
    const compare = vi.spyOn(Buffer, 'compare');
    for (let count = 1000; count < 1100; count += 1) echoes.isEcho('a', bytes(`of them ${count}`));
    expect(compare).not.toHaveBeenCalled();
    compare.mockRestore();
    const long = 'x'.repeat(500);
    echoes.expect('a', bytes(`${long}1`));
    expect([echoes.isEcho('a', bytes(`${long}2`)), echoes.isEcho('a', bytes(`${long}1`))]).toEqual([
      false,
      true,
    ]);
  });

  it('forgets an address', () => {
    const echoes = new OwnEchoes();
    echoes.expect('a', bytes('1'));
    echoes.forget('a');
    echoes.forget('b');
    expect([echoes.isEcho('a', bytes('1')), echoes.size]).toEqual([false, 0]);
  });

  it('keeps 65,536 messages at most', () => {
    const echoes = new OwnEchoes();
    for (let count = 0; count <= 65_536; count += 1) echoes.expect('a', bytes('1'));
    expect(echoes.size).toBe(1);
  });

  it('keeps 16 MiB of messages at most', () => {
    const echoes = new OwnEchoes();
    const half = new Uint8Array(8_388_608);
    echoes.expect('a', half);
    echoes.expect('b', half);
    expect([echoes.isEcho('b', half), echoes.size]).toEqual([true, 1]);
    echoes.expect('b', half);
    echoes.expect('c', bytes('1'));
    expect(echoes.size).toBe(1);
    echoes.forget('c');
    echoes.expect('a', half);
    echoes.expect('b', half);
    expect(echoes.size).toBe(2);
  });

  it('takes a bounded number of steps for each message, however many echoes are expected', () => {
    const echoes = new OwnEchoes();
    const count = 2000;
    const all = Array.from({ length: count }, (_, index) => index);
    const compare = vi.spyOn(Buffer, 'compare');
    const splice = vi.spyOn(Array.prototype, 'splice');
    const shift = vi.spyOn(Ring.prototype, 'shift');
    for (const index of all) echoes.expect('a', bytes(`own ${index}`));
    const foreign = all.filter((index) => echoes.isEcho('a', bytes(`foreign ${index}`)));
    const own = all.filter((index) => echoes.isEcho('a', bytes(`own ${index}`)));
    const steps = [compare, splice, shift].map((spy) => spy.mock.calls.length);
    vi.restoreAllMocks();
    expect([foreign.length, own.length, echoes.size]).toEqual([0, count, 0]);
    expect(steps).toEqual([0, 0, count]);
  });

  it('knows equal messages as often as they were sent', () => {
    const echoes = new OwnEchoes();
    for (const words of ['1', '1', '2']) echoes.expect('a', bytes(words));
    const known = ['1', '1', '1', '2'].map((words) => echoes.isEcho('a', bytes(words)));
    expect(known).toEqual([true, true, false, true]);
  });

  it('lets each foreign message pass and no own one, in any mixture of the two', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ isOwn: fc.boolean(), id: fc.nat(9) })), (messages) => {
        const echoes = new OwnEchoes();
        const wire = messages.map(({ isOwn, id }, index) => {
          const sent = bytes(isOwn ? `own ${index} ${id}` : `foreign ${id}`);
          if (isOwn) echoes.expect('a', sent);
          return sent.slice();
        });
        const passed = wire.filter((message) => !echoes.isEcho('a', message));
        expect(passed).toHaveLength(messages.filter(({ isOwn }) => !isOwn).length);
        expect(echoes.size).toBe(0);
      }),
    );
  });
});

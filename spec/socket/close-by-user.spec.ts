// What `endServer` and `close` share: the check of code and reason, and the wait for the real
// end.

import { describe, expect, it } from 'vitest';
import { scripted } from '../conversation/scripted-transport.ts';
import { closeByUser } from '../../src/socket/close-by-user.ts';

const NORMAL_END = { code: 1000, reason: '', clean: true, by: 'local' } as const;

describe('closeByUser', () => {
  it('resolves with the real end, by local', async () => {
    const { link, conversation } = scripted();
    const closing = closeByUser('f()', conversation, 1000, '');
    link.end(NORMAL_END);
    expect(await closing).toEqual({ ...NORMAL_END, unread: 0 });
  });

  it('closes once: each further call resolves with the same end', async () => {
    const { link, conversation } = scripted();
    const closings = [
      closeByUser('f()', conversation, 1000, 'first'),
      closeByUser('f()', conversation, 4000, 'second'),
    ];
    link.end(NORMAL_END);
    closings.push(closeByUser('f()', conversation, 4001, 'late'));
    const ends = await Promise.all(closings);
    expect(link.calls).toEqual(['close 1000 first']);
    expect(ends.every((end) => end === ends[0])).toBe(true);
  });

  it.each([
    [1005, '', 'COROSOCK_CLOSE_CODE'],
    [1000, 'x'.repeat(124), 'COROSOCK_CLOSE_REASON'],
  ])('rejects a close that cannot be sent (%s), and leaves the socket open', async (code, reason, error) => {
    const { link, conversation, ws } = scripted();
    await expect(closeByUser('f()', conversation, code, reason)).rejects.toMatchObject({ code: error });
    expect([link.calls, ws.closeInfo, await ws.write('still open')]).toEqual([[], undefined, 'ok']);
  });
});

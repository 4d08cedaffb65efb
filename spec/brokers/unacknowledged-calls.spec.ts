import { describe, expect, it } from 'vitest';
import {
  CALL_BYTES,
  MAX_UNACKNOWLEDGED_BYTES,
  UnacknowledgedCalls,
} from '../../src/brokers/unacknowledged-calls.ts';

const never = (): Promise<never> => new Promise(() => {});

describe('UnacknowledgedCalls', () => {
  it('gives what the call gives', async () => {
    expect(await new UnacknowledgedCalls().track(1, () => Promise.resolve(7))).toBe(7);
  });

  it('names the cause of a failure', async () => {
    const cause = new Error('refused');
    const call = new UnacknowledgedCalls().track(1, () => Promise.reject(cause));
    await expect(call).rejects.toMatchObject({ code: 'COROSOCK_BROKER', cause });
  });

  it('K4: refuses calls beyond its bytes, and takes more when some are acknowledged', async () => {
    const calls = new UnacknowledgedCalls();
    let acknowledge: (() => void) | undefined;
    const half = MAX_UNACKNOWLEDGED_BYTES / 2 - CALL_BYTES;
    const first = calls.track(half, () => new Promise<void>((resolve) => (acknowledge = resolve)));
    void calls.track(half, never).catch(() => {});
    await expect(calls.track(0, never)).rejects.toThrow(/16777216 bytes wait for its acknowledgement/);
    acknowledge?.();
    await first;
    expect(await calls.track(half, () => Promise.resolve('taken'))).toBe('taken');
  });

  it('rejects all calls when the link is lost, and ignores answers that come later', async () => {
    const calls = new UnacknowledgedCalls();
    const answers: Array<() => void> = [];
    const under = [true, false].map((isGood) =>
      calls.track(
        1,
        () =>
          new Promise<void>((resolve, reject) => {
            answers.push(isGood ? resolve : () => reject(new Error('late')));
          }),
      ),
    );
    calls.lose();
    for (const answer of answers) answer();
    for (const call of under)
      await expect(call).rejects.toThrow('The broker went down before it had acknowledged');
  });
});

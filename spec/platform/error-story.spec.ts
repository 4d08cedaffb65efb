// What a warning says of an error: its text once, and the frames of users.

import { runServer } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { storyOf } from '../../src/platform/error-story.ts';

const FOLDER = new URL('../../src/', import.meta.url).pathname;
const OURS = `    at Reader.read (${FOLDER}conversation/reader.ts:3:5)`;
const THEIRS = '    at handler (/app/chat.ts:3:5)';

/** An error with a stack. */
function made<E extends Error>(error: E, ...frames: readonly string[]): E {
  error.stack = [String(error), ...frames].join('\n');
  return error;
}

describe('storyOf', () => {
  it('tells the text once, and the frames without ours', () => {
    const error = made(new Error('two\nlines'), OURS, THEIRS, OURS);
    expect(storyOf(error)).toEqual({ text: 'Error: two\n    lines', detail: THEIRS });
  });

  it('H31: tells nothing that a peer could have written as a line, a frame or a command of its own', () => {
    const text = 'a\r\n(node:1) Warning: b\u001b[2J\u2028c\u009bd\n    at peer (/app/peer.ts:1:1)';
    const cause = made(new Error(text), THEIRS);
    const shown =
      'Error: a\\u000d\n    (node:1) Warning: b\\u001b[2J\\u2028c\\u009bd\n        at peer (/app/peer.ts:1:1)';
    expect(storyOf(made(new Error(text, { cause }), THEIRS))).toEqual({
      text: shown,
      detail: [THEIRS, `  caused by ${shown}`, THEIRS].join('\n'),
    });
  });

  it('H31: tells the beginning of a long text', () => {
    const { text, detail } = storyOf(made(new Error('x'.repeat(1_000_000)), THEIRS));
    expect([text.length, text.endsWith('x …'), detail]).toEqual([4098, true, THEIRS]);
  });

  it('tells all frames where the text was changed since, or is none', () => {
    const [changed, odd] = [made(new Error('one'), THEIRS), made(new Error('two'), THEIRS)];
    changed.message = 'another';
    Object.assign(odd, { message: 2 });
    expect([changed, odd].map((error) => storyOf(error).detail)).toEqual([THEIRS, THEIRS]);
  });

  it('tells no frame of ours of an error that a call of ours has made', async () => {
    const errors: unknown[] = [];
    await using run = runServer(async (ws) => void (await ws.write(5 as never)), {
      report: (error) => errors.push(error),
    });
    await run.done;
    const { text, detail } = storyOf(errors[0]);
    expect(text).toMatch(/^UsageError: ws\.write\(\): expected /);
    expect(detail?.split('\n')[0]).toContain('error-story.spec.ts');
    expect(detail).not.toContain(FOLDER);
  });

  it('keeps our frames of what the engine has thrown in our own code', () => {
    const ours = made(new TypeError('of the library'), OURS, THEIRS);
    const theirs = made(new TypeError('of a handler'), THEIRS, OURS);
    expect([ours, theirs].map((error) => storyOf(error).detail)).toEqual([`${OURS}\n${THEIRS}`, THEIRS]);
  });

  it('tells of the errors that it is made of, and of its cause, each once', () => {
    const cause = made(new Error('the cause'), THEIRS);
    const first = made(new Error('first', { cause }), THEIRS);
    const all = made(new AggregateError([first, 'second', cause], 'both', { cause: first }));
    expect(storyOf(all)).toEqual({
      text: 'AggregateError: both',
      detail: ['  Error: first', THEIRS, '  caused by Error: the cause', THEIRS, '  second'].join('\n'),
    });
  });

  it('ends where errors cause each other, and after ten of them', () => {
    const [one, other] = [made(new Error('one')), made(new Error('other'))];
    one.cause = other;
    other.cause = one;
    const many = made(new AggregateError(Array.from({ length: 50 }, (_, n) => n)));
    expect([storyOf(one).detail, storyOf(many).detail?.split('\n').length]).toEqual([
      '  caused by Error: other',
      9,
    ]);
  });

  it.each([
    ['text', { text: 'text', detail: undefined }],
    [null, { text: 'null', detail: undefined }],
    [Object.assign(new Error('odd'), { stack: 1 }), { text: 'Error: odd', detail: undefined }],
    [made(new TypeError('bare')), { text: 'TypeError: bare', detail: undefined }],
    [Object.create(null), { text: 'an error that cannot be shown' }],
  ])('survives %j', (error, story) => {
    expect(storyOf(error)).toEqual(story);
  });
});

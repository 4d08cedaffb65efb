// The frames of handles on sockets of other nodes: each is read as it was written, and bytes that
// are no frame are refused.

import { describe, expect, it } from 'vitest';
import { FieldReader } from '../../src/hub/byte-fields.ts';
import {
  closeFields,
  endFields,
  frameOf,
  messageFields,
  messageOf,
  openedFields,
  MESSAGE_PART_BYTES,
  partsOf,
  readClose,
  readEnd,
  readFrame,
  readMessage,
  readOpened,
  readStatus,
  readWrite,
  statusFields,
  writeFields,
} from '../../src/hub/socket-frames.ts';

const read = (bytes: Uint8Array): FieldReader => new FieldReader(bytes);
const EMPTY = new Uint8Array();

describe('frames', () => {
  it('have a type, a handle, a number and fields', () => {
    const frame = readFrame(frameOf(3, 7, 9, Buffer.from('abc')));
    expect(frame).toMatchObject({ type: 3, handle: 7, number: 9 });
    expect(frame?.fields.text(3)).toBe('abc');
  });

  it('cut long messages, and join them', () => {
    const text = 'ü'.repeat(MESSAGE_PART_BYTES);
    const parts = partsOf(text, true);
    expect(parts.map(({ isLast }) => isLast)).toEqual([false, true]);
    expect(messageOf(parts)).toBe(text);
    expect(messageOf(partsOf(new Uint8Array([1, 2]), true))).toEqual(Buffer.from([1, 2]));
    expect(partsOf('', false)).toMatchObject([{ isLast: false, isText: true }]);
  });

  it.each([true, false])('carry writes and messages, flags %s', (flag) => {
    const bytes = Buffer.from('abc');
    const part = { bytes, isText: flag, isLast: flag };
    expect(readMessage(read(messageFields(part)))).toEqual(part);
    const write = { ...part, binary: flag, compress: flag, timeoutMs: 12.5 };
    expect(readWrite(read(writeFields(write)))).toEqual(write);
  });

  it('carry statuses, answers and closes', () => {
    expect(readStatus(read(statusFields(4, 'timeout')))).toEqual({ write: 4, status: 'timeout' });
    expect(readOpened(read(openedFields('not-shared', 'chat')))).toEqual({
      status: 'not-shared',
      protocol: 'chat',
    });
    expect(readClose(read(closeFields(4001, 'bye')))).toEqual({ code: 4001, reason: 'bye' });
  });

  it('carry ends, with the text and the codes of their causes', () => {
    const end = { code: 1000, reason: 'bye', clean: true, by: 'handler', unread: 0 } as const;
    expect(readEnd(read(endFields(end)))).toEqual({ code: 1000, reason: 'bye', clean: true, by: 'handler' });
    const cause = Object.assign(new Error('too long'), { code: 'COROSOCK_LIMIT', option: 'maxMessageBytes' });
    expect(readEnd(read(endFields({ ...end, cause })))?.cause).toEqual(cause);
    expect(readEnd(read(endFields({ ...end, cause: 'a text' })))?.cause).toEqual(new Error('a text'));
    const broken = Buffer.concat([endFields(end), Buffer.from('{')]);
    expect(readEnd(read(broken))?.cause).toEqual(new Error('{'));
  });

  it.each([
    '{"message":{"toString":1,"valueOf":1}}',
    '{"message":7,"code":{"a":1},"option":[1]}',
    `{"message":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
    '[null]',
  ])('carry a cause of any JSON: %.40s', (text) => {
    const end = { code: 1000, reason: '', clean: true, by: 'peer', unread: 0 } as const;
    const read1 = readEnd(read(Buffer.concat([endFields(end), Buffer.from(text)])));
    expect(read1?.cause).toEqual(new Error(text));
  });

  it('carry of a cause only what JSON has', () => {
    const cause = Object.assign(new Error('large'), { code: 1n, option: Symbol('no') });
    const end = { code: 1006, reason: '', clean: false, by: 'link', unread: 0, cause } as const;
    expect(readEnd(read(endFields(end)))?.cause).toEqual(new Error('large'));
  });

  it.each([
    [0, ''],
    [1005, ''],
    [65_535, ''],
    [1000, 'x'.repeat(124)],
  ])('refuse a close that no frame carries: %d %s', (code, reason) => {
    expect(readClose(read(closeFields(code, reason)))).toBeUndefined();
  });

  it('are refused where fields are missing or unknown', () => {
    expect([
      readFrame(EMPTY),
      readMessage(read(EMPTY)),
      readWrite(read(EMPTY)),
      readStatus(read(EMPTY)),
      readOpened(read(EMPTY)),
      readClose(read(EMPTY)),
      readEnd(read(EMPTY)),
      readStatus(read(Buffer.concat([Buffer.alloc(8), Buffer.from([99])]))),
      readOpened(read(Buffer.from([99]))),
      readEnd(read(Buffer.from([0, 0, 0, 99, 0]))),
    ]).toEqual(Array<undefined>(10).fill(undefined));
  });
});

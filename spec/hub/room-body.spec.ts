import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, data, key, text } from './body-fixtures.ts';
import { readRoomBody, roomBodyOf } from '../../src/hub/room-body.ts';

describe('the body of a message', () => {
  it('carries what was published', () => {
    const message = fc.record({ data, except: fc.array(text), retain: fc.option(key, { nil: undefined }) });
    fc.assert(
      fc.property(message, (message) => {
        expect(readRoomBody(bytesOf(roomBodyOf(message)))).toEqual(message);
      }),
    );
  });

  it('leaves out exceptions that are the id of no socket', () => {
    const except = ['a', 'x'.repeat(70_000), 'b'];
    const body = roomBodyOf({ data: 'hi', except, retain: undefined });
    expect(readRoomBody(bytesOf(body))?.except).toEqual(['a', 'b']);
  });

  it('has the layout that other programs write', () => {
    expect(readRoomBody(Buffer.from('\u0001\0\0hello'))).toEqual({
      data: 'hello',
      except: [],
      retain: undefined,
    });
    expect(readRoomBody(Buffer.from('\u0005\0\u0001\0\u0002id\0\u0003keyhello'))).toEqual({
      data: 'hello',
      except: ['id'],
      retain: 'key',
    });
  });

  it('gives bytes that are a copy of those that came', () => {
    const came = bytesOf(roomBodyOf({ data: new Uint8Array([1]), except: [], retain: undefined }));
    const message = readRoomBody(came);
    came.fill(9);
    expect(message?.data).toEqual(new Uint8Array([1]));
  });

  it.each([
    ['no bytes', new Uint8Array()],
    ['more ids than bytes', Buffer.from('\u0001\u00ff\u00ff', 'latin1')],
    ['a key that is longer than all bytes', Buffer.from('\u0005\0\0\0\u0009k', 'latin1')],
    ['text that is no UTF-8', Buffer.from('\u0001\0\0\u00ff', 'latin1')],
    ['an empty key', Buffer.from('\u0005\0\0\0\0hello', 'latin1')],
    ['a key of more than 1,024 bytes', Buffer.from(`\u0005\0\0\u0004\u0001${'k'.repeat(1025)}`, 'latin1')],
  ])('is refused with %s', (_, bytes) => {
    expect(readRoomBody(bytes)).toBeUndefined();
  });
});

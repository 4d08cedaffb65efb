// `addEventListener` and `onmessage` of a view: the objects that their listeners get, and how they
// are added and removed. What is emitted and when: ws-view.spec.ts.

import { describe, expect, it } from 'vitest';
import { WsEmitter } from '../../src/server/ws-events.ts';

class Emitter extends WsEmitter {
  readonly errors: unknown[] = [];
  protected listenerOnError(error: unknown): void {
    this.errors.push(error);
  }
}

describe('addEventListener', () => {
  const gone = new Error('gone');
  it.each([
    ['message', [Buffer.from('text'), false], { data: 'text' }],
    ['message', [Buffer.from('bytes'), true], { data: Buffer.from('bytes') }],
    ['close', [4000, Buffer.from('bye'), true], { code: 4000, reason: 'bye', wasClean: true }],
    ['error', [gone], { error: gone, message: 'gone' }],
    ['error', ['words'], { error: 'words', message: 'words' }],
    ['open', [], {}],
  ] as const)('gives %s as an object', (type, values, expected) => {
    const emitter = new Emitter();
    const events: unknown[] = [];
    emitter.addEventListener(type, (event: unknown) => void events.push(event));
    emitter.emit(type, ...values);
    expect(events).toEqual([{ ...expected, type, target: emitter }]);
  });

  it('calls handleEvent of an object', () => {
    const emitter = new Emitter();
    const listener = {
      heard: '',
      handleEvent: ({ data }: { data: unknown }) => void (listener.heard += String(data)),
    };
    emitter.addEventListener('message', listener);
    emitter.emit('message', 'x', false);
    expect(listener.heard).toBe('x');
  });

  it('adds a listener once, and calls it once where it is asked to', () => {
    const emitter = new Emitter();
    const calls: string[] = [];
    const listener = (): unknown => calls.push('called');
    emitter.addEventListener('open', listener);
    emitter.addEventListener('open', listener);
    emitter.addEventListener('open', () => calls.push('once'), { once: true });
    emitter.emit('open');
    emitter.emit('open');
    expect(calls).toEqual(['called', 'once', 'called']);
  });

  it('knows no other events, as ws does', () => {
    const emitter = new Emitter();
    emitter.addEventListener('toString' as 'open', () => {});
    emitter.addEventListener('ping' as 'open', () => {});
    expect(emitter.eventNames()).toEqual([]);
  });

  it.each([[undefined], [null], ['name'], [{}]])('refuses a listener that is none: %o', (listener) => {
    expect(() => new Emitter().addEventListener('open', listener as never)).toThrow(
      expect.objectContaining({ code: 'COROSOCK_ARGUMENT' }),
    );
  });

  it('has listeners that removeEventListener removes, and no others', () => {
    const emitter = new Emitter();
    const listener = (): void => {};
    emitter.addEventListener('open', listener);
    const other = (): void => {};
    emitter.removeEventListener('open', other);
    expect(emitter.listenerCount('open')).toBe(1);
    emitter.removeEventListener('open', listener);
    expect(emitter.listenerCount('open')).toBe(0);
  });
});

describe.each(['onmessage', 'onclose', 'onerror', 'onopen'] as const)('%s', (attribute) => {
  const type = attribute.slice(2) as 'message';

  it('is null, or the function that was set last', () => {
    const emitter = new Emitter();
    const calls: string[] = [];
    expect(emitter[attribute]).toBe(null);
    emitter[attribute] = () => calls.push('first');
    const second = (): unknown => calls.push('second');
    emitter[attribute] = second;
    expect(emitter[attribute]).toBe(second);
    emitter.emit(type, '', '');
    emitter[attribute] = null;
    emitter[attribute] = 'none' as never;
    expect([calls, emitter[attribute], emitter.listenerCount(type)]).toEqual([['second'], null, 0]);
  });

  it('is apart from the same function in addEventListener', () => {
    const emitter = new Emitter();
    const calls: string[] = [];
    const listener = (): unknown => calls.push('called');
    emitter[attribute] = listener;
    emitter.addEventListener(type, listener);
    emitter.removeEventListener(type, listener);
    emitter.emit(type, '', '');
    expect(calls).toEqual(['called']);
  });
});

it('hears of an asynchronous listener that rejects', async () => {
  const emitter = new Emitter();
  const error = new Error('late');
  const listener: () => unknown = () => Promise.reject(error);
  emitter.on('message', listener);
  emitter.emit('message', '', false);
  await new Promise(setImmediate);
  expect(emitter.errors).toEqual([error]);
});

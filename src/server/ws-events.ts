// The events of a view (ws-view.ts) in both forms that `ws` has: listeners of an EventEmitter, and
// `addEventListener`, `onmessage` and their like, which get objects. Both are one list of the
// emitter. What is emitted, and when, is the view's.

import { EventEmitter } from 'node:events';
import { badArgument } from '../core/arguments.ts';

/** A message as listeners get it: by `binaryType`; text of an event object is a string. */
export type WsData = string | Buffer | ArrayBuffer | Buffer[];

/** The objects that `addEventListener` gives its listeners, by their type. */
export interface WsEvents {
  readonly message: { readonly data: WsData };
  readonly close: { readonly code: number; readonly reason: string; readonly wasClean: boolean };
  readonly error: { readonly error: unknown; readonly message: string };
  readonly open: object;
}

/** One of those objects. */
export type WsEvent<Type extends keyof WsEvents> = WsEvents[Type] & {
  readonly type: string;
  readonly target: object;
};

/** A listener of `addEventListener`: a function, or an object with `handleEvent`. */
export type WsListener<Type extends keyof WsEvents> =
  | ((event: WsEvent<Type>) => unknown)
  | { handleEvent(event: WsEvent<Type>): unknown };

/** A listener of the emitter that stands for one of `addEventListener`, or for an attribute. */
interface Wrapper {
  (...values: readonly unknown[]): unknown;
  /** The listener that it calls. */
  standsFor: unknown;
}

/** Makes the object for a listener from the values that are emitted. */
const EVENTS: { readonly [Type in keyof WsEvents]: (...values: readonly unknown[]) => WsEvents[Type] } = {
  message: (data, isBinary) => ({ data: isBinary === true ? (data as WsData) : String(data) }),
  close: (code, reason, wasClean) => ({
    code: code as number,
    reason: String(reason),
    wasClean: wasClean === true,
  }),
  error: (error) => ({ error, message: error instanceof Error ? error.message : String(error) }),
  open: () => ({}),
};

/** An EventEmitter with the methods of an EventTarget. */
export abstract class WsEmitter extends EventEmitter {
  static {
    // Not written as a method: isolated declarations cannot name its key (TS9038).
    Object.defineProperty(WsEmitter.prototype, EventEmitter.captureRejectionSymbol, {
      value(this: WsEmitter, error: unknown): void {
        this.listenerOnError(error);
      },
    });
  }

  readonly #attributes = new Map<keyof WsEvents, Wrapper>();

  constructor() {
    // The rejection of an asynchronous listener is an error of that listener.
    super({ captureRejections: true });
  }

  /** A listener has thrown, or an asynchronous one has rejected. */
  protected abstract listenerOnError(error: unknown): void;

  addEventListener<Type extends keyof WsEvents>(
    type: Type,
    listener: WsListener<Type>,
    { once = false }: { readonly once?: boolean | undefined } = {},
  ): void {
    if (!isListener(listener)) throw badArgument(`addEventListener('${type}')`, 'a listener', listener);
    if (!Object.hasOwn(EVENTS, type) || this.#wrapperOf(type, listener) !== undefined) return;
    const wrapper = this.#wrap(type, listener);
    if (once) this.once(type, wrapper);
    else this.on(type, wrapper);
  }

  removeEventListener<Type extends keyof WsEvents>(type: Type, listener: WsListener<Type>): void {
    const wrapper = this.#wrapperOf(type, listener);
    if (wrapper !== undefined) this.off(type, wrapper);
  }

  get onmessage(): ((event: WsEvent<'message'>) => unknown) | null {
    return this.#attribute('message');
  }

  set onmessage(listener: ((event: WsEvent<'message'>) => unknown) | null) {
    this.#setAttribute('message', listener);
  }

  get onclose(): ((event: WsEvent<'close'>) => unknown) | null {
    return this.#attribute('close');
  }

  set onclose(listener: ((event: WsEvent<'close'>) => unknown) | null) {
    this.#setAttribute('close', listener);
  }

  get onerror(): ((event: WsEvent<'error'>) => unknown) | null {
    return this.#attribute('error');
  }

  set onerror(listener: ((event: WsEvent<'error'>) => unknown) | null) {
    this.#setAttribute('error', listener);
  }

  get onopen(): ((event: WsEvent<'open'>) => unknown) | null {
    return this.#attribute('open');
  }

  set onopen(listener: ((event: WsEvent<'open'>) => unknown) | null) {
    this.#setAttribute('open', listener);
  }

  #attribute<Type extends keyof WsEvents>(type: Type): ((event: WsEvent<Type>) => unknown) | null {
    const listener = this.#attributes.get(type)?.standsFor;
    return (listener as ((event: WsEvent<Type>) => unknown) | undefined) ?? null;
  }

  #setAttribute<Type extends keyof WsEvents>(type: Type, listener: WsListener<Type> | null): void {
    const former = this.#attributes.get(type);
    if (former !== undefined) this.off(type, former);
    this.#attributes.delete(type);
    if (typeof listener !== 'function') return;
    const wrapper = this.#wrap(type, listener);
    this.#attributes.set(type, wrapper);
    this.on(type, wrapper);
  }

  /** Finds the wrapper of a listener. That of an attribute is another, and is set by itself. */
  #wrapperOf(type: keyof WsEvents, listener: unknown): Wrapper | undefined {
    const wrappers: readonly unknown[] = this.listeners(type);
    return (wrappers as readonly Partial<Wrapper>[]).find(
      (wrapper) => wrapper.standsFor === listener && wrapper !== this.#attributes.get(type),
    ) as Wrapper | undefined;
  }

  #wrap<Type extends keyof WsEvents>(type: Type, listener: WsListener<Type>): Wrapper {
    const wrapper = (...values: readonly unknown[]): unknown => {
      const event: WsEvent<Type> = { ...EVENTS[type](...values), type, target: this };
      return typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event);
    };
    return Object.assign(wrapper, { standsFor: listener });
  }
}

function isListener(value: unknown): boolean {
  if (typeof value === 'function') return true;
  return typeof value === 'object' && value !== null && 'handleEvent' in value;
}

// One run of a server over its socket: started once, closed when its handler
// says so, watched until both have ended. Where sockets are kept and counted is
// the host's.

import { AsyncResource } from 'node:async_hooks';
import type { ServerSocket } from './host.ts';
import { ClientMessages } from './client-messages.ts';
import type { ClientMessagesListener } from './client-messages.ts';
import { closeCodeFor, isExpectedEnd } from './outcome.ts';
import type { HandlerEnd, Outcome } from './outcome.ts';
import { callPostServer } from './post-server.ts';
import type { RunListener, RunParts, RunSettings } from './run-parts.ts';
import { lateTask, RunTasks } from './run-tasks.ts';
import type { RunPhase, Spawner } from './run-tasks.ts';
import type { Place } from './place.ts';
import type { WebSocketServer } from './servable.ts';
import type { Membership } from '../session/session-place.ts';
import type { Conversation, ConversationListener } from '../conversation/conversation.ts';
import type { ChildFunction } from '../tasks/task-scope.ts';
import type { Task } from '../tasks/task.ts';
import { LazyPromise } from '../waiting/lazy-promise.ts';
import type { LazySignal } from '../waiting/lazy-signal.ts';
import type { CloseInfo } from '../core/close-info.ts';
import { toBytes } from '../core/data.ts';
import type { Data } from '../core/data.ts';
import { DrainingError } from '../core/errors.ts';

const RETURNED: HandlerEnd = Object.freeze({ kind: 'returned' });

/** Runs one server from its handler's first line to the real end of its socket. */
export class HandlerRun implements ConversationListener, ClientMessagesListener, Spawner {
  readonly ws: ServerSocket;
  readonly place: Place<HandlerRun>;
  readonly conversation: Conversation;
  readonly #draining: LazySignal;
  readonly #server: WebSocketServer;
  readonly #membership: Membership | undefined;
  readonly #settings: RunSettings;
  readonly #listener: RunListener<HandlerRun>;
  /** The AsyncLocalStorage context of the handshake, for the hooks; undefined where there are none. A snapshot() would take 2.7 KiB, this 90 bytes. */
  readonly #context: AsyncResource | undefined;
  /** Messages that `onClientMessage` is offered first; undefined where it is not asked. */
  readonly #clientMessages: ClientMessages | undefined;
  /** Its child tasks; undefined where it never had any. */
  #tasks: RunTasks | undefined;
  /** How the handler ended, and its child tasks with it; undefined while one of them runs. */
  #handlerEnd: HandlerEnd | undefined;
  #graceTimer: unknown;
  /** Whether `onPostServer` was called, or is not there. */
  #isFinished = false;
  #outcome: Outcome | undefined;
  /** For who waits for the outcome; undefined where nobody does. */
  #outcomePromise: LazyPromise<Outcome> | undefined;

  constructor(
    { ws, place, conversation, draining, server, membership }: RunParts<HandlerRun>,
    settings: RunSettings,
    listener: RunListener<HandlerRun>,
  ) {
    this.ws = ws;
    this.place = place;
    this.conversation = conversation;
    this.#draining = draining;
    this.#server = server;
    this.#membership = membership;
    this.#settings = settings;
    this.#listener = listener;
    const offers = ws.sharedConnection && server.onClientMessage !== undefined;
    if (offers || server.onPostServer !== undefined) this.#context = new AsyncResource('corosock.hooks');
    if (offers) {
      const hook = (data: Data): unknown =>
        this.#call(() => server.onClientMessage?.(ws, ws.binaryData ? toBytes(data) : data));
      this.#clientMessages = new ClientMessages(conversation, hook, settings, this);
    }
  }

  get isHandlerRunning(): boolean {
    return this.#handlerEnd === undefined;
  }

  /** Resolves when all has ended, or was given up. Never rejects. */
  get outcome(): Promise<Outcome> {
    this.#outcomePromise ??= new LazyPromise();
    if (this.#outcome !== undefined) this.#outcomePromise.resolve(this.#outcome);
    return this.#outcomePromise.promise;
  }

  get #isOffering(): boolean {
    return this.#clientMessages?.isBusy === true;
  }

  // Called by the host.

  /** Runs the handler; returns as soon as it waits for the first time. */
  start(): void {
    this.conversation.watchedBy(this);
    try {
      const running = this.#server.server(this.ws);
      if (running === undefined) this.#handlerOnEnd(RETURNED);
      // JavaScript's handlers return anything: `(ws) => sockets.push(ws)`.
      else this.#follow(Promise.resolve(running));
    } catch (error) {
      this.#handlerOnEnd({ kind: 'threw', error });
    }
  }

  /** Asks the handler to finish. A shared socket that has none any more closes as soon as nothing is being offered. */
  askToFinish(): void {
    this.#draining.abort(() => new DrainingError());
    this.#shutDownIfIdle();
  }

  /** Closes the socket with 1001, whatever its handler does. */
  shutDown(): void {
    this.conversation.close(1001, '', 'shutdown');
  }

  // Called by the socket.

  spawn<T>(run: ChildFunction<T>): Task<T> {
    const report = (error: unknown, phase: RunPhase = 'spawn'): void => this.#report(error, phase);
    if (!this.isHandlerRunning) return lateTask(this.conversation.reader.scheduling, report);
    this.#tasks ??= new RunTasks(this.conversation, this.#draining, this.#settings, report);
    return this.#tasks.spawn(run);
  }

  // Called by the conversation.

  conversationOnEnd(): void {
    this.#membership?.leave();
    this.#listener.socketOnEnd(this);
  }

  conversationOnOver(end: CloseInfo): void {
    this.#tasks?.conversationOnOver();
    if (this.#finishIfOver()) return;
    const { clock, closeTimeoutMs } = this.#settings;
    const dueMs = clock.now() + closeTimeoutMs;
    // Most handlers end together with their socket: they cost no timer.
    clock.setImmediate(() => this.#waitUntil(dueMs, end));
  }

  // Called by the offering.

  clientMessagesOnError(error: unknown): void {
    // With the reason of `draining` it did what it was asked to.
    if (isExpectedEnd(error, this.conversation, this.#draining)) return this.shutDown();
    this.#report(error, 'onClientMessage');
    this.#closeAfter({ kind: 'threw', error });
  }

  clientMessagesOnStall(error: Error): void {
    this.#report(error, 'onClientMessage');
  }

  clientMessagesOnIdle(): void {
    this.#shutDownIfIdle();
    this.#finishIfOver();
  }

  /** What has come before it drains may be answered for as long as the host gives it. */
  #shutDownIfIdle(): void {
    if (this.#draining.aborted && !this.isHandlerRunning && !this.#isOffering) this.shutDown();
  }

  #follow(running: Promise<void>): void {
    running.then(
      () => this.#handlerOnEnd(RETURNED),
      (error: unknown) => this.#handlerOnEnd({ kind: 'threw', error }),
    );
  }

  #handlerOnEnd(handlerEnd: HandlerEnd): void {
    if (this.#tasks === undefined || !this.isHandlerRunning) return this.#allOnEnd(handlerEnd, 'server');
    this.#tasks.handlerOnEnd(handlerEnd, (end, phase) => this.#allOnEnd(end, phase));
  }

  /** The handler has ended, and its children have. */
  #allOnEnd(handlerEnd: HandlerEnd, phase: RunPhase): void {
    const isObeying =
      handlerEnd.kind === 'threw' && isExpectedEnd(handlerEnd.error, this.conversation, this.#draining);
    if (handlerEnd.kind === 'threw' && !isObeying) this.#report(handlerEnd.error, phase);
    if (!this.isHandlerRunning) return;
    this.#handlerEnd = handlerEnd;
    this.#closeAfter(isObeying ? RETURNED : handlerEnd);
    this.#finishIfOver();
  }

  #closeAfter(handlerEnd: HandlerEnd): void {
    const isDraining = this.#draining.aborted;
    const outlives = this.ws.sharedConnection && handlerEnd.kind === 'returned';
    if (outlives && (!isDraining || this.#isOffering)) return;
    const { code, closer } = closeCodeFor(handlerEnd, isDraining ? 'draining' : 'serving');
    this.conversation.close(code, '', closer);
  }

  #waitUntil(dueMs: number, end: CloseInfo): void {
    if (this.#isFinished) return;
    const leftMs = Math.max(Math.ceil(dueMs - this.#settings.clock.now()), 0);
    this.#graceTimer = this.#settings.clock.setTimeout(() => this.#giveUp(end), leftMs);
  }

  /** What ignores the end is named, and holds nothing open. */
  #giveUp(end: CloseInfo): void {
    this.#tasks?.giveUp();
    if (this.isHandlerRunning) this.#reportLate('The handler still runs', 'server');
    const undone = this.#clientMessages?.undone;
    if (undone !== undefined) this.#reportLate(undone, 'onClientMessage');
    this.#handlerEnd ??= { kind: 'abandoned' };
    this.#finish(this.#handlerEnd, end);
  }

  #reportLate(what: string, phase: string): void {
    this.#report(new Error(`${what} ${this.#settings.closeTimeoutMs} ms after its socket has closed`), phase);
  }

  #finishIfOver(): boolean {
    const { end } = this.conversation.queue;
    if (end === undefined || this.#handlerEnd === undefined || this.#isOffering) return false;
    this.#finish(this.#handlerEnd, end);
    return true;
  }

  #finish(handlerEnd: HandlerEnd, end: CloseInfo): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#clientMessages?.stop();
    if (this.#graceTimer !== undefined) this.#settings.clock.clearTimeout(this.#graceTimer);
    const outcome: Outcome = { ...handlerEnd, end };
    if (this.#server.onPostServer === undefined) return this.#settle(outcome);
    const hook = (): unknown => this.#call(() => this.#server.onPostServer?.(this.ws, outcome.end));
    const report = (error: unknown): void => this.#report(error, 'onPostServer');
    void callPostServer(hook, this.#settings, report).then(() => this.#settle(outcome));
  }

  #call<T>(hook: () => T): T {
    return this.#context === undefined ? hook() : this.#context.runInAsyncScope(hook);
  }

  #settle(outcome: Outcome): void {
    this.#outcome = outcome;
    this.#listener.runOnEnd(this, outcome);
    this.#outcomePromise?.resolve(outcome);
  }

  #report(error: unknown, phase: string): void {
    this.#settings.report(error, { socketId: this.ws.id, phase });
  }
}

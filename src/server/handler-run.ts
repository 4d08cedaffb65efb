// One run of a server over its conversation: it makes the handler's socket, calls the handler and
// the hooks that come after it, and closes the socket when the handler has ended. serving-host.ts
// makes it and hears of its end; child tasks are run-tasks.ts's, `onClientMessage` is
// client-messages.ts's, and close codes are outcome.ts's.

import type { WaitingRun } from './host-waits.ts';
import { ClientMessages } from './client-messages.ts';
import type { ClientMessagesListener, ClientMessagesSettings } from './client-messages.ts';
import type { LogHooks } from './host-hooks.ts';
import { HostedSocket } from './hosted-socket.ts';
import type { RoomHost, SocketRun } from './hosted-socket.ts';
import { closeCodeFor, isExpectedEnd } from './outcome.ts';
import type { HandlerEnd, Outcome } from './outcome.ts';
import { reportLimit, reportUnread } from './limit-reports.ts';
import type { HandlerMistakes } from './handler-mistakes.ts';
import { SocketLife } from './socket-life.ts';
import { RunFacts } from './run-facts.ts';
import type { FactSettings, RunParts } from './run-facts.ts';
import { hasRunHooks, RunHooks } from './run-hooks.ts';
import type { HookedRun, RunHooksSettings } from './run-hooks.ts';
import { lateTask, RunTasks } from './run-tasks.ts';
import type { OnEnd, RunPhase } from './run-tasks.ts';
import type { LivingRun, SocketLifeSettings } from './socket-life.ts';
import type { WebSocketServer } from './servable.ts';
import type { SessionMember } from '../session/active-session.ts';
import type { Conversation, ConversationListener } from '../conversation/conversation.ts';
import type { Child, ChildFunction } from '../tasks/task-scope.ts';
import type { Task } from '../tasks/task.ts';
import { LazyTimer } from '../time/lazy-timer.ts';
import { LazyPromise } from '../waiting/lazy-promise.ts';
import type { UnattendedErrors } from '../waiting/unattended-errors.ts';
import type { ListNode } from '../structures/linked-list.ts';
import type { CloseInfo } from '../core/close-info.ts';
import type { Data } from '../core/data.ts';
import { DrainingError } from '../core/errors.ts';

export interface RunSettings
  extends
    FactSettings,
    ClientMessagesSettings,
    RunHooksSettings,
    SocketLifeSettings,
    Pick<LogHooks, 'onOpen' | 'onClose'> {
  readonly mistakes: HandlerMistakes;
  readonly unattended: Pick<UnattendedErrors<Conversation>, 'end'>;
}

/** Hears of the ends of a run; an interface, because the host makes the run. */
export interface RunHost extends RoomHost {
  /**
   * The socket is closed for good, or all of the run has ended; one call where both happen at
   * once, and no code of users has heard of it before.
   *
   * @param outcome - undefined while the handler or `onPostServer` still runs. The call with an
   *   outcome is the last.
   */
  runOnEnd(run: HandlerRun, outcome: Outcome | undefined): void;
}

const RETURNED: HandlerEnd = Object.freeze({ kind: 'returned' });

/** Runs one server from the first line of its handler to the real end of its socket. */
export class HandlerRun
  extends RunFacts<RunSettings, RunHost>
  implements
    ConversationListener,
    ClientMessagesListener,
    HookedRun,
    ListNode<HandlerRun>,
    LivingRun,
    SocketRun,
    WaitingRun
{
  readonly ws: HostedSocket;
  /** Pending while the function of the handler is, also after it was abandoned. */
  handling: Promise<void> | undefined;
  readonly #server: WebSocketServer;
  /** Ends the socket with its credential or its lifetime; undefined where neither ends. */
  #life: SocketLife | undefined;
  readonly #member: SessionMember | undefined;
  /** Made with the run, in the context of its handshake; later where no hook is there by then. */
  #hooks: RunHooks | undefined;
  /** Offers messages to `onClientMessage`; undefined where it is not asked. */
  readonly #clientMessages: ClientMessages | undefined;
  /** Child tasks of the handler; undefined where it never had any. */
  #tasks: RunTasks | undefined;
  /** How the handler and its child tasks ended; undefined while one of them runs. */
  #handlerEnd: HandlerEnd | undefined;
  #graceTimer: LazyTimer | undefined;
  /** Whether `onPostServer` was called, or is not there. */
  #isFinished = false;
  #outcome: Outcome | undefined;
  /** Undefined where no caller waits for the outcome. */
  #outcomePromise: LazyPromise<Outcome> | undefined;
  // Set by the list of the registry.
  previous: HandlerRun | undefined;
  next: HandlerRun | undefined;

  constructor(parts: RunParts<RunHost>, settings: RunSettings) {
    super(parts, settings);
    const { conversation, accepted } = parts;
    const { server } = accepted;
    this.#server = server;
    this.ws = new HostedSocket(this);
    if (hasRunHooks(server)) this.#hooks = new RunHooks(server, this, settings);
    if (this.isShared && server.onClientMessage !== undefined) {
      const hook = (data: Data): unknown => this.#lateHooks.offer(data);
      this.#clientMessages = new ClientMessages(conversation, hook, settings, this);
    }
    settings.mistakes.begin(this, server);
    const { expiresAt = Infinity } = accepted.answer;
    const endsInTime = Math.min(expiresAt, settings.maxLifetimeMs) < Infinity;
    if (endsInTime) this.#life = new SocketLife(this, settings, expiresAt);
    // Last: what could throw above leaves no member in the session.
    this.#member = accepted.session?.join(conversation);
    if (this.#member !== undefined) conversation.whenActive(this.#member);
  }

  get isHandlerRunning(): boolean {
    return this.#handlerEnd === undefined;
  }

  /** Whether all has ended, or what had not ended was abandoned. */
  get hasEnded(): boolean {
    return this.#outcome !== undefined;
  }

  /** Resolves when {@link hasEnded}. Never rejects. */
  get outcome(): Promise<Outcome> {
    this.#outcomePromise ??= new LazyPromise();
    if (this.#outcome !== undefined) this.#outcomePromise.resolve(this.#outcome);
    return this.#outcomePromise.promise;
  }

  /** Child tasks that run. */
  get tasks(): readonly Child[] {
    return this.#tasks?.running ?? [];
  }

  /** Whether `onClientMessage` runs, or has messages to run for. */
  get isOffering(): boolean {
    return this.#clientMessages?.isBusy === true;
  }

  // Called by the host.

  /** Calls the handler; returns as soon as it waits for the first time. */
  start(): void {
    this.conversation.listen(this);
    this.settings.onOpen?.(this.ws);
    try {
      this.settings.mistakes.call(this, this.#server);
      const running = this.#server.server(this.ws);
      if (running === undefined) this.#handlerOnEnd(RETURNED);
      // JavaScript's handlers return anything: `(ws) => sockets.push(ws)`.
      // Bound functions: two closures take 56 bytes more of a socket (row: idle sockets).
      else this.handling = Promise.resolve(running).then(this.#onReturn.bind(this), this.#onThrow.bind(this));
      this.settings.mistakes.called();
    } catch (error) {
      this.#onThrow(error);
    }
  }

  /**
   * Aborts `ws.draining`. A shared socket whose handler has returned closes once no
   * `onClientMessage` call is running.
   */
  askToFinish(): void {
    this.draining.abort(() => new DrainingError());
    this.#shutDownIfIdle();
  }

  /** Closes the socket with 1001, whatever its handler does. */
  shutDown(): void {
    this.conversation.close(1001, '', 'shutdown');
  }

  // Called by the socket.

  spawn<T>(task: ChildFunction<T>): Task<T> {
    const report = (error: unknown, phase: RunPhase = 'spawn'): void => this.report(error, phase);
    if (!this.isHandlerRunning) return lateTask(this.conversation.reader.scheduling, report);
    this.#tasks ??= new RunTasks(this.conversation, this.draining, this.settings, report);
    return this.#tasks.spawn(task);
  }

  fail(error: unknown, phase: string): void {
    // Code that throws the reason of `draining` has finished as it was asked to.
    if (isExpectedEnd(error, this.conversation, this.draining)) return this.shutDown();
    this.report(error, phase);
    this.#closeAfter({ kind: 'threw', error });
  }

  renew(expiresAt: number, context: unknown): void {
    if (context !== undefined) this.context = context;
    if (this.conversation.isEnding) return;
    this.#life ??= new SocketLife(this, this.settings, Infinity);
    this.#life.renew(expiresAt);
  }

  // Called by the life of the socket.

  callExpire(onSettled: () => void): boolean {
    if (this.#server.onExpire === undefined) return false;
    this.#lateHooks.callExpire(onSettled);
    return true;
  }

  // Called by the hooks.

  reportUnlessOver(error: unknown, phase: string): void {
    if (!isExpectedEnd(error, this.conversation, this.draining)) this.report(error, phase);
  }

  // Called by the conversation.

  conversationOnUnread(): void {
    reportUnread(this, this.conversation.queue, this.settings.peerFaults);
  }

  conversationOnEnd(end: CloseInfo): void {
    reportLimit(this, end, this.settings.peerFaults);
    this.#member?.release();
    this.#life?.stop();
    this.#hooks?.stopExpire();
    this.#finishIfOver();
    if (!this.hasEnded) this.host.runOnEnd(this, undefined);
    this.settings.onClose?.(this.ws, end);
    if (this.#isFinished) return;
    const { clock, closeTimeoutMs } = this.settings;
    // Most handlers end in the same turn as their socket: they cost no timer.
    this.#graceTimer = new LazyTimer(clock, clock.now() + closeTimeoutMs, () => this.#abandon(end));
  }

  get owesReply(): boolean {
    return this.isOffering || (this.isHandlerRunning && HostedSocket.isInHand(this.ws));
  }

  // Called by the client messages.

  clientMessagesOnError(error: unknown): void {
    this.fail(error, 'onClientMessage');
  }

  clientMessagesOnStall(error: Error): void {
    this.report(error, 'onClientMessage');
  }

  clientMessagesOnIdle(): void {
    this.#shutDownIfIdle();
    this.conversation.lookForLastWords();
    this.#finishIfOver();
  }

  /** A server may get its first hook while its handler runs. */
  get #lateHooks(): RunHooks {
    this.#hooks ??= new RunHooks(this.#server, this, this.settings);
    return this.#hooks;
  }

  /** Messages that came before the shut-down are still offered, within the host's grace. */
  #shutDownIfIdle(): void {
    if (this.isDraining && !this.isHandlerRunning && !this.isOffering) this.shutDown();
  }

  #onReturn(): void {
    this.#handlerOnEnd(RETURNED);
  }

  #onThrow(error: unknown): void {
    this.#handlerOnEnd({ kind: 'threw', error });
  }

  #handlerOnEnd(handlerEnd: HandlerEnd): void {
    if (handlerEnd === RETURNED) this.settings.mistakes.returned(this);
    this.handling = undefined;
    const isError =
      handlerEnd.kind === 'threw' && !isExpectedEnd(handlerEnd.error, this.conversation, this.draining);
    const onEnd: OnEnd = (end, phase) => this.#allOnEnd(end, phase);
    if (this.#tasks === undefined || !this.isHandlerRunning)
      onEnd(handlerEnd, isError ? 'server' : undefined);
    else this.#tasks.handlerOnEnd({ end: handlerEnd, isError, onEnd });
  }

  /** The handler and its child tasks have ended. @param phase - Undefined where it is no error. */
  #allOnEnd(handlerEnd: HandlerEnd, phase: RunPhase | undefined): void {
    if (handlerEnd.kind === 'threw' && phase !== undefined) this.report(handlerEnd.error, phase);
    if (!this.isHandlerRunning) return;
    this.#handlerEnd = handlerEnd;
    this.#closeAfter(phase === undefined ? RETURNED : handlerEnd);
    this.#finishIfOver();
  }

  #closeAfter(handlerEnd: HandlerEnd): void {
    const outlives = this.isShared && handlerEnd.kind === 'returned';
    if (outlives && (!this.isDraining || this.isOffering)) return this.conversation.lookForLastWords();
    const { code, closer } = closeCodeFor(handlerEnd, this.isDraining ? 'draining' : 'serving');
    this.conversation.close(code, '', closer);
  }

  /** Reports what ignores the end of the socket, and waits for it no longer. */
  #abandon(end: CloseInfo): void {
    this.#tasks?.abandon();
    if (this.isHandlerRunning) this.#reportLate('The handler still runs', 'server');
    const undone = this.#clientMessages?.undone;
    if (undone !== undefined) this.#reportLate(undone, 'onClientMessage');
    this.#handlerEnd ??= { kind: 'abandoned' };
    this.#finish(this.#handlerEnd, end);
  }

  /** Many sockets may end at once: of each route the log gets one, and the number of the others. */
  #reportLate(what: string, phase: string): void {
    const { closeTimeoutMs } = this.settings;
    const place = (): string => (phase === 'server' ? this.settings.mistakes.placeOf(this) : '');
    const textOf = (): string => `${what} ${closeTimeoutMs} ms after its socket has closed${place()}`;
    this.reportFault(`${phase}: late on ${this.route}`, phase, () => new Error(textOf()));
  }

  #finishIfOver(): void {
    const { end } = this.conversation.queue;
    if (end === undefined || this.#handlerEnd === undefined || this.isOffering) return;
    this.#finish(this.#handlerEnd, end);
  }

  #finish(handlerEnd: HandlerEnd, end: CloseInfo): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#clientMessages?.stop();
    this.#graceTimer?.stop();
    const outcome: Outcome = handlerEnd === RETURNED ? { kind: 'returned', end } : { ...handlerEnd, end };
    if (this.#server.onPostServer === undefined) return this.#settle(outcome);
    this.#lateHooks.callPostServer(end, () => this.#settle(outcome));
  }

  #settle(outcome: Outcome): void {
    this.#outcome = outcome;
    this.settings.unattended.end(this.conversation, this.settings.clock);
    this.host.runOnEnd(this, outcome);
    this.#outcomePromise?.resolve(outcome);
  }
}

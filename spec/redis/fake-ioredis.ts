// A client of ioredis without a server: a spec turns its status.

import { EventEmitter } from 'node:events';

/** The options that a publisher needs. */
export const SOUND = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false };

/** Notes what it is asked for. */
export class FakeIoRedis extends EventEmitter {
  status = 'connecting';
  readonly options: object;
  readonly calls: string[] = [];
  stream: { destroy(): void } | undefined;

  constructor(options: object = SOUND) {
    super();
    this.options = options;
  }

  async publish(channel: string): Promise<number> {
    this.calls.push(`publish ${channel}`);
    return 0;
  }
  async subscribe(...channels: string[]): Promise<void> {
    this.calls.push(`subscribe ${channels.join(' ')}`);
  }
  async unsubscribe(channel: string): Promise<void> {
    this.calls.push(`unsubscribe ${channel}`);
    throw new Error('no server');
  }
  async ping(): Promise<void> {}
  disconnect(reconnect?: boolean): void {
    this.calls.push(`disconnect ${reconnect}`);
  }
  turn(status: string): void {
    this.status = status;
    this.emit(status);
  }
}

// Each public name is used in a program of README or docs/, so that a reader sees how.

import { describe, expect, it } from 'vitest';
import { docPages } from './doc-pages.ts';
import { blocksIn } from './page-blocks.ts';
import { hiddenNames, publicNames } from './shown-names.ts';
import { readProjectFile } from './source-files.ts';

/** Types whose members, and values that, need no program, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  Clock: 'a port: its five promises are in its docstring, and `virtualClock` is the one to use',
  VirtualClock: 'has the members of Clock',
  Transport: 'a port: its promises are in its docstring',
  TransportSink: 'a port: its promises are in its docstring',
  TransportPair: 'what `transportContract` takes: its docstring has the use',
  transportContract: 'of the Transport port: its docstring has the line that runs it',
  SendOptions: 'of the Transport port',
  Outlet: 'of the Transport port',
  FragmentOptions: 'of the Transport port',
  ExpressSessionStore: 'the shape of a store for express-session',
  WsView: 'has the members of a WebSocket of `ws`, whose documentation has programs',
  WsSendOptions: 'of a WebSocket of `ws`',
  WsEvent: 'as of a WebSocket of `ws`',
  WsListener: 'as of a WebSocket of `ws`',
  WsEvents: 'as of a WebSocket of `ws`',
  RequestHandler: 'a function; the name of its one member is of no use',
  ConnectProblem: 'makes a ConnectError; users get the error',
  TimerOwner: 'of the Clock port',
  Broker: 'a port: its promises are in its docstring',
  brokerContract: 'of the Broker port: its docstring has the line that runs it',
  BrokerUnderTest: 'what `brokerContract` takes: its docstring has the use',
  NatsConnection: 'the shape of a connection of NATS',
  NatsSubscription: 'the shape of a subscription of NATS',
  IoRedisClient: 'the shape of a client of ioredis',
  NodeRedisClient: 'the shape of a client of redis',
  IpcPeer: 'the shape of a process',
  BrokerFaults: 'of the broker in memory: decided by a seed',
  RouteMap: 'makes the compiler refuse a function as a map; users write routes',
};

const names = publicNames(readProjectFile('spec/house/api-report.md'));
const programs = docPages().flatMap(({ path, text }) => blocksIn(path, text).blocks.map(({ code }) => code));

describe('the programs of README and docs', () => {
  it('use each public name', () => {
    const shown = names.filter(({ type, name }) => EXCEPTIONS[type ?? name] === undefined);
    expect(hiddenNames(shown, programs)).toEqual([]);
  });

  it('leave out no name that is not there', () => {
    const known = new Set(names.map(({ type, name }) => type ?? name));
    expect(Object.keys(EXCEPTIONS).filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('publicNames', () => {
  it('lists exported values and the members of all types', () => {
    const report = [
      'export function serve(routes: Routes): Host;',
      'export type Data = string;',
      'interface Times {',
      '    readonly intervalMs?: number;',
      '    close(): void;',
      '}',
      'export class Lost extends Error {',
      '    constructor(info: CloseInfo);',
      '    readonly info: CloseInfo;',
      '}',
    ].join('\n');
    expect(hiddenNames(publicNames(report), ['host.close(serve)'])).toEqual([
      'Times.intervalMs',
      'Lost',
      'Lost.info',
    ]);
  });
});

// What is measured: the servers that are compared, and one scenario for each row
// of the table. How is said in measure-echo.ts and measure-idle.ts.

/** Echo: `sockets` peers keep `inFlight` messages of `bytes` bytes of ASCII text under way, each. */
export interface EchoScenario {
  readonly kind: 'echo';
  readonly name: string;
  /** What every server does for it, in one line. */
  readonly sameWork: string;
  readonly sockets: number;
  readonly inFlight: number;
  readonly bytes: number;
  /** What we may cost at most, as a multiple of raw `ws`. */
  readonly limit: number;
}

/** Sockets that are open and have never carried a message. */
export interface IdleScenario {
  readonly kind: 'idle';
  readonly name: string;
  readonly sameWork: string;
  readonly sockets: number;
  readonly limit: number;
}

export type Scenario = EchoScenario | IdleScenario;

/** A server program below `servers/`. */
export interface Server {
  /** The package that it shows, by which it is called and its version is found. */
  readonly name: string;
  readonly program: URL;
}

/** The yardstick of every ratio. */
export const RAW: Server = { name: 'ws', program: new URL('servers/raw-ws.js', import.meta.url) };
export const OURS: Server = { name: 'corosock', program: new URL('servers/corosock.js', import.meta.url) };
export const SERVERS: readonly Server[] = [RAW, OURS];

export const SCENARIOS: readonly Scenario[] = [
  echo('64 sockets × 1 in flight × 64 B', { sockets: 64, inFlight: 1, bytes: 64 }),
  echo('64 sockets × 64 in flight × 64 B', { sockets: 64, inFlight: 64, bytes: 64 }),
  echo('8 sockets × 4 in flight × 64 KiB', { sockets: 8, inFlight: 4, bytes: 65_536 }),
  {
    kind: 'idle',
    name: '5,000 idle sockets',
    sameWork:
      'open, and silent from the start; `ws` listens for message, close and error, corosock has a read waiting with the default time-out',
    sockets: 5000,
    limit: 1.5,
  },
];

function echo(name: string, work: Pick<EchoScenario, 'sockets' | 'inFlight' | 'bytes'>): EchoScenario {
  const sameWork = 'every text message is checked, decoded to a string, encoded again and sent back';
  return { kind: 'echo', name, sameWork, ...work, limit: 1.15 };
}

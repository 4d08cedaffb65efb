// The tables of docs/reference/ are made of the declarations in src/, so that neither drifts from
// the other: options, errors, limits, statuses. `npm run reference` rewrites the pages. The second
// half shows the generator and the checker one declaration at a time.

import { describe, expect, it } from 'vitest';
import { CONNECT_OPTIONS } from '../../src/client/connect-options.ts';
import { NODE_OPTIONS } from '../../src/client/node-options.ts';
import { EACH_OPTIONS } from '../../src/client/each-options.ts';
import { COMPRESSION_OPTIONS } from '../../src/core/compression.ts';
import { HEARTBEAT_OPTIONS } from '../../src/conversation/heartbeat-option.ts';
import { WIRE_OPTIONS } from '../../src/conversation/wire-options.ts';
import { unchecked } from '../../src/core/options.ts';
import type { Check } from '../../src/core/options.ts';
import { REQUESTS_OPTIONS } from '../../src/requests/requests-options.ts';
import { SUBSCRIBE_OPTIONS } from '../../src/rooms/event-queue.ts';
import { CLOSE_OPTIONS } from '../../src/server/close-report.ts';
import { SERVE_OPTIONS } from '../../src/server/serve.ts';
import { COOKIE_OPTIONS } from '../../src/session/cookie-options.ts';
import { SESSION_OPTIONS } from '../../src/session/session-options.ts';
import { CHANNEL_OPTIONS } from '../../src/tasks/bounded-channel.ts';
import { FAKE_OPTIONS } from '../../src/testing/memory-server.ts';
import {
  errorBlock,
  limitBlock,
  optionBlock,
  shownDefault,
  statusBlock,
  withBlock,
} from './reference-blocks.ts';
import type { OptionSection, Table } from './reference-blocks.ts';
import { codeFaults, limitFaults, missingOptions, optionFaults, statusFaults } from './reference-faults.ts';
import { readProjectFile, sourceFile, sourceFiles } from './source-files.ts';
import type { SourceFile } from './source-files.ts';

const section = (title: string, path: string, interfaceName: string, table: Table): OptionSection => ({
  title,
  text: readProjectFile(`src/${path}`),
  interfaceName,
  table,
});

const SECTIONS: readonly OptionSection[] = [
  section('Hosts and clients', 'conversation/conversation-options.ts', 'ConversationOptions', SERVE_OPTIONS),
  section('`heartbeat`', 'conversation/heartbeat.ts', 'HeartbeatTimes', HEARTBEAT_OPTIONS),
  section('`compression`', 'core/compression.ts', 'CompressionOptions', COMPRESSION_OPTIONS),
  section('Hosts', 'server/host-options.ts', 'HostOptions', SERVE_OPTIONS),
  section('`sessions`', 'session/session-options.ts', 'SessionOptions', SESSION_OPTIONS),
  section('`sessions.cookie`', 'session/cookie-options.ts', 'SessionCookieOptions', COOKIE_OPTIONS),
  section('`serve`', 'server/serve.ts', 'ServeOptions', SERVE_OPTIONS),
  section('`host.close`', 'server/close-report.ts', 'CloseHostOptions', CLOSE_OPTIONS),
  section('`connect`', 'client/connect-options.ts', 'ConnectOptions', {
    ...CONNECT_OPTIONS,
    ...WIRE_OPTIONS,
    ...NODE_OPTIONS,
  }),
  section('`connect.each`', 'client/each-options.ts', 'ConnectEachOptions', {
    ...CONNECT_OPTIONS,
    ...EACH_OPTIONS,
  }),
  section('`ws.join`', 'rooms/room.ts', 'JoinOptions', {}),
  section('`room.publish`', 'rooms/room.ts', 'PublishOptions', {}),
  section('`room.subscribe`', 'rooms/room.ts', 'SubscribeOptions', SUBSCRIBE_OPTIONS),
  section('`openHub`', 'server/open-hub.ts', "HubOptions extends Pick<HostOptions, 'clock' | 'report'>", {}),
  section('`redisBroker`', 'redis/redis-broker.ts', 'RedisBrokerOptions', {}),
  section('`natsBroker`', 'nats/nats-broker.ts', 'NatsBrokerOptions', {}),
  section('`ipcBroker`', 'ipc/ipc-broker.ts', 'IpcBrokerOptions', {}),
  section('`channel`', 'tasks/channel.ts', 'ChannelOptions', CHANNEL_OPTIONS),
  section('`requests`', 'requests/requests-options.ts', 'RequestsOptions', REQUESTS_OPTIONS),
  section('Test kit', 'testing/fake-options.ts', 'FakeOptions', FAKE_OPTIONS),
];
const CODES = readProjectFile('src/core/error-codes.ts');
const REPORT = readProjectFile('spec/house/api-report.md');

const blocks = [
  ['options', optionBlock(SECTIONS)],
  ['errors', errorBlock(CODES)],
  ['limits', limitBlock(sourceFiles())],
  ['statuses', statusBlock(readProjectFile('src/core/status.ts'), REPORT)],
] as const;

describe('docs/reference', () => {
  it.each(blocks)('has the declared %s; `npm run reference` rewrites the page', async (name, block) => {
    const path = `docs/reference/${name}.md`;
    await expect(withBlock(readProjectFile(path), name, block)).toMatchFileSnapshot(`../../${path}`);
  });

  it('has each option, with the default and the range of its table', () => {
    expect([...optionFaults(SECTIONS), ...missingOptions(SECTIONS)]).toEqual([]);
  });

  it('has each code that src throws or reports, and no other, with its class and a cure', () => {
    expect(codeFaults(sourceFiles(), CODES)).toEqual([]);
  });

  it('has a label, a value and the effect of each limit', () => {
    expect(limitFaults(sourceFiles())).toEqual([]);
  });

  it('names each status that a call gives', () => {
    expect(statusFaults(REPORT, readProjectFile('docs/reference/statuses.md'))).toEqual([]);
  });
});

describe('withBlock', () => {
  const page = '# Page\n\n<!-- generated: options -->\n| old |\n<!-- /generated -->\n\nMore.\n';

  it('puts a block in the place of the one before, and leaves the rest', () => {
    expect(withBlock(page, 'options', '| new |')).toBe(page.replace('old', 'new'));
  });

  it.each([
    ['another name', page.replace(': options', ': limits')],
    ['no end', page.replace('<!-- /generated -->', '')],
  ])('refuses a page whose block has %s', (_, text) => {
    expect(() => withBlock(text, 'options', '')).toThrow(
      'the page has no block `<!-- generated: options -->`',
    );
  });
});

describe('the blocks', () => {
  const files = (text: string): readonly SourceFile[] => [sourceFile('core/a.ts', text)];

  it('show the default of a table, or the one of the comment, and the words before it', () => {
    const text = `export interface Paint {
  /** Bytes of paint,
   * 1 to 9 | 10. Default 1 KiB. */
  readonly sizeBytes?: number;
  /** {@link Paint} as text. Default: the wall. */
  readonly onPaint?: () => void;
  /** Signs it. Required. */
  readonly name: string;
}`;
    const table: Table = { sizeBytes: [1024, unchecked], onPaint: [() => {}, unchecked] };
    expect(optionBlock([{ title: 'Paint', text, interfaceName: 'Paint', table }]).split('\n')).toEqual([
      '## Paint',
      '',
      '| option | default | meaning |',
      '|---|---|---|',
      '| `sizeBytes` | 1 KiB | Bytes of paint, 1 to 9 \\| 10. |',
      '| `onPaint` | the wall | `Paint` as text. |',
      '| `name` | – | Signs it. |',
    ]);
  });

  it.each([
    [1_048_576, 'maxBytes', '1 MiB'],
    [65_536, 'maxBytes', '64 KiB'],
    [123, 'maxBytes', '123 bytes'],
    [10_000, 'graceMs', '10,000'],
    ['wait', 'whenFull', "`'wait'`"],
    [false, 'compression', 'false'],
    [[], 'protocols', undefined],
  ])('show the default %o of %s as %s', (value, name, shown) => {
    expect(shownDefault(name, value)).toBe(shown);
  });

  it('have a heading, the class, the meaning and the cure of each code', () => {
    const text = `export interface ErrorCodes {
  /**
   * Red.
   *
   * Cure: paint it.
   */
  readonly COROSOCK_RED: 'UsageError';
  /** Blue. Cure: none. */
  readonly COROSOCK_BLUE: 'process warning';
}`;
    expect(errorBlock(text)).toBe(
      '### `COROSOCK_RED`\n\n`UsageError`. Red.\n\n**Cure:** paint it.\n\n' +
        '### `COROSOCK_BLUE`\n\nA process warning. Blue.\n\n**Cure:** none.',
    );
  });

  it('have a row for each tag of a limit, with the value of its constant', () => {
    const text = `
/** Not for users. */
const OTHER = 1;
/** Coats of paint. @limit Coats | close 1008 */
export const MAX_COATS = 1_000;
/** @limit Drying | HTTP 503, \`COROSOCK_WET\` */
const DRY_MS = 30_000;
/** @limit A look | it blinks */
const LOOK_MS = 8;
/** @limit Bucket | \`2 × size\` | it is full */
export function bucket(): number {}`;
    expect(limitBlock(files(text)).split('\n').slice(2)).toEqual([
      '| A look | 8 ms | it blinks |',
      '| Bucket | `2 × size` | it is full |',
      '| Coats | 1,000 | close 1008 |',
      '| Drying | 30 s | [HTTP 503](http-answers.md), [`COROSOCK_WET`](errors.md#corosock_wet) |',
    ]);
  });

  it('have the calls that give a status by their declared results', () => {
    const text = `export const Status: {
  /** Done. */
  readonly OK: 'ok';
  /** Late. */
  readonly Timeout: 'timeout';
} = {};`;
    const report = `## \`corosock\`
export type ReadResult<T = Data> = readonly [data: T, status: 'ok'] | readonly [data: undefined, status: 'timeout'];
export interface Socket extends Base {
    read<T = unknown>(len?: number): Promise<ReadResult<T>>;
    close(): Promise<void>;
}
export interface Other {
    put(): Promise<'ok' | 'dropped'>;
}
`;
    expect(statusBlock(text, report).split('\n').slice(2)).toEqual([
      "| `'ok'` | `Status.OK` | `ws.read()`, `Other.put()` | Done. |",
      "| `'timeout'` | `Status.Timeout` | `ws.read()` | Late. |",
    ]);
    expect(statusFaults(report, "`'ok'` `'timeout'`")).toEqual(["'dropped' is on no page"]);
  });
});

describe('optionFaults', () => {
  const faultsOf = (doc: string, row: Table[string]): readonly string[] => {
    const text = `export interface Paint {\n${doc}\n  readonly coats?: number;\n}`;
    return optionFaults([{ title: '', text, interfaceName: 'Paint', table: { coats: row } }]);
  };
  const upTo =
    (most: number): Check =>
    (_call, _name, value) => {
      if (Number(value) < 1 || Number(value) > most) throw new Error('no');
    };

  it.each<[string, string, Table[string]]>([
    ['a default and a range that are those of the table', '  /** Coats, 1 to 9. Default 2. */', [2, upTo(9)]],
    ['a large range', '  /** Coats, 1 to 2³¹−1. Default 2 000. */', [2000, upTo(2 ** 31 - 1)]],
    [
      'a default that only words can say',
      '  /** Coats. Default: as many as are needed. */',
      [undefined, unchecked],
    ],
    ['an option that has to be given', '  /** Coats. Required. */', [undefined, unchecked]],
  ])('lets pass %s', (_, doc, row) => {
    expect(faultsOf(doc, row)).toEqual([]);
  });

  it.each<[string, string, Table[string], string]>([
    ['no comment', '', [undefined, unchecked], 'its comment does not end with its default'],
    ['no default', '  /** Coats. */', [undefined, unchecked], 'its comment does not end with its default'],
    [
      'another default',
      '  /** Coats, 1 to 9. Default 3. */',
      [2, upTo(9)],
      'its comment says 3, its table 2',
    ],
    ['no range', '  /** Coats. Default 2. */', [2, upTo(9)], 'its comment says no range'],
    [
      'another range',
      '  /** Coats, 1 to 8. Default 2. */',
      [2, upTo(9)],
      'its check takes another range than 1 to 8',
    ],
  ])('finds %s', (_, doc, row, fault) => {
    expect(faultsOf(doc, row)).toEqual([`Paint.coats: ${fault}`]);
  });

  it('finds an interface that is not there, and an option that no interface declares', () => {
    const sections: readonly OptionSection[] = [
      { title: '', text: '', interfaceName: 'Paint', table: { coats: [2, unchecked] } },
    ];
    expect([...optionFaults(sections), ...missingOptions(sections)]).toEqual([
      'Paint has no members',
      'coats is on no page',
    ]);
  });
});

describe('codeFaults', () => {
  const codes = (rows: string): string => `export interface ErrorCodes {\n${rows}\n}`;
  const RED = `  /** Red. Cure: paint it. */\n  readonly COROSOCK_RED: 'UsageError';`;
  const faultsOf = (code: string, declared = RED): readonly string[] =>
    codeFaults([sourceFile('core/a.ts', code)], codes(declared));

  it.each([
    ['a code that is thrown', `throw new UsageError(\n  'COROSOCK_RED', 'no');`, 'UsageError'],
    [
      'the code of a class',
      `override readonly name = 'RedError';\n  readonly code = 'COROSOCK_RED';`,
      'RedError',
    ],
    ['the code of a warning', `warn('red; it (really) is', 'COROSOCK_RED');`, 'process warning'],
    ['one with details', `process.emitWarning(text, { code: 'COROSOCK_RED' });`, 'process warning'],
  ])('lets pass %s', (_, code, carrier) => {
    expect(faultsOf(code, RED.replace('UsageError', carrier))).toEqual([]);
  });

  it.each([
    ['a code that is not declared', `new UsageError('COROSOCK_RED');\nnew UsageError('COROSOCK_BLUE');`, RED],
    ['one that is only named', `new UsageError('COROSOCK_RED');\ntype A = 'COROSOCK_BLUE';`, RED],
  ])('finds %s', (_, code, declared) => {
    expect(faultsOf(code, declared)).toEqual(['core/a.ts: COROSOCK_BLUE is not declared']);
  });

  it.each([
    ['a code that is thrown nowhere', '', RED, 'COROSOCK_RED is used nowhere'],
    ['one that is only compared with', `error.code === 'COROSOCK_RED'`, RED, 'COROSOCK_RED is used nowhere'],
    [
      'another class',
      `new UsageError('COROSOCK_RED')`,
      RED.replace('UsageError', 'MessageError'),
      'core/a.ts: COROSOCK_RED is carried by a UsageError',
    ],
    [
      'a code without a cure',
      `new UsageError('COROSOCK_RED')`,
      RED.replace('Cure: ', ''),
      'COROSOCK_RED has no cure',
    ],
  ])('finds %s', (_, code, declared, fault) => {
    expect(faultsOf(code, declared)).toEqual([fault]);
  });
});

describe('limitFaults', () => {
  it.each([
    ['no effect', '/** @limit Coats */\nconst MAX_COATS = 9;', '1 parts, not 2'],
    ['no value', '/** @limit Coats | close */\nfunction coats() {}', '2 parts, not 3'],
  ])('finds a limit with %s', (_, text, fault) => {
    expect(limitFaults([sourceFile('core/a.ts', text)])).toEqual([`core/a.ts: a limit of ${fault}`]);
  });
});

// What the compiler says first of a mistake in `serve`: at which line, and whether it names what is
// wrong. Each program has one mistake, in the line that ends in `// wrong`. One run of tsc for all.

import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from './source-files.ts';

const folder = new URL('spec/house/.messages/', projectRoot);

const lone = `async (ws) => {\n  await ws.write('x');\n}`;
const map = `{\n  '/chat/:room': async (ws) => {\n    await ws.write(ws.request.params.room);\n  },\n}`;
const hooked = `{\n  onPreServer: () => ({ user: 'ann' }),\n  server: async (ws) => {\n    await ws.write(ws.context.user);\n  },\n}`;
const stated = `class Chat {\n  async server(ws: ServerSocket) {\n    await ws.write('x');\n  }\n}\n`;
const named = `class Named {\n  readonly name: string;\n  constructor(name: string) {\n    this.name = name;\n  }\n  async server(ws: ServerSocket) {\n    await ws.write(this.name);\n  }\n}\n`;

/** A program, and what its first error has to contain. */
type Program = readonly [name: string, code: string, ...says: string[]];

const misspelt = (name: string, routes: string, before = ''): Program => [
  `a misspelt option beside ${name}`,
  `${before}await serve(${routes}, {\n  prot: 8080, // wrong\n});`,
  `'prot' does not exist`,
  'ServeOptions',
];
const ofWrongType = (name: string, routes: string): Program => [
  `an option of a wrong type beside ${name}`,
  `await serve(${routes}, {\n  port: '80', // wrong\n});`,
  `Type 'string' is not assignable to type 'number'`,
];

const programs: readonly Program[] = [
  misspelt('a function', lone),
  misspelt('an object', hooked),
  misspelt('a class', 'Chat', stated),
  misspelt('an instance', 'new Chat()', stated),
  misspelt('create', '{ create: () => new Chat() }', stated),
  misspelt('a route with options', `{ serve: ${lone}, options: {} }`),
  misspelt('a map', map),
  misspelt('a map with hooks', `{ '/a': ${hooked} }`),
  misspelt('a variable', 'routes', `declare const routes: Routes;\n`),
  ofWrongType('a function', lone),
  ofWrongType('an object', hooked),
  ofWrongType('a map', map),
  [
    'a misspelt option under attach',
    `attach(createServer(), ${lone}, {\n  maxMesageBytes: 1, // wrong\n});`,
    `'maxMesageBytes' does not exist`,
    `'maxMessageBytes'`,
  ],
  [
    'a misspelt option of a route',
    `await serve({\n  '/a': {\n    serve: ${lone},\n    options: {\n      maxMesageBytes: 1, // wrong\n    },\n  },\n});`,
    `'maxMesageBytes' does not exist in type 'RouteOptions'`,
  ],
  [
    'options beside server',
    `await serve({\n  '/a': {\n    server: ${lone},\n    options: {}, // wrong\n  },\n});`,
    `'options' does not exist`,
  ],
  [
    'limitByAddress that is not called',
    `await serve(${lone}, {\n  limitBy: limitByAddress, // wrong\n});`,
    `Types of parameters 'limits' and 'request' are incompatible`,
  ],
  [
    'a function that returns a value',
    `await serve(async (ws) => { // wrong\n  await ws.write('x');\n  return 5;\n});`,
    `Type 'number' is not assignable to type 'void'`,
  ],
  [
    'a function in a map that returns a value',
    `await serve({\n  '/a': async (ws) => { // wrong\n    await ws.write('x');\n    return 'done';\n  },\n});`,
    `Type 'string' is not assignable to type 'void'`,
  ],
  [
    'a server that returns a value',
    `await serve({\n  async server(ws) { // wrong\n    await ws.write('x');\n    return 5;\n  },\n});`,
    `Type 'number' is not assignable to type 'void'`,
  ],
  [
    'a second parameter',
    `await serve(async (ws, request) => { // wrong\n  await ws.write('x');\n});`,
    `Handler<`,
    'Expected 2 or more, but got 1',
  ],
  [
    'a parameter that the pattern has not',
    `await serve({\n  '/chat/:room': async (ws) => {\n    await ws.write(ws.request.params.rom); // wrong\n  },\n});`,
    `'rom'`,
    `Did you mean 'room'`,
  ],
  [
    'a misspelt server',
    `await serve({\n  handler: async (ws) => { // wrong\n    await ws.write('x');\n  },\n});`,
    'fits no server, and is no pattern: a pattern begins with /',
  ],
  [
    'a misspelt hook',
    `await serve({\n  onPreserver: () => false, // wrong\n  server: ${lone},\n});`,
    `'onPreserver' does not exist`,
  ],
  [
    'a misspelt hook in a map',
    `await serve({\n  '/a': {\n    onPreserver: () => false, // wrong\n    server: ${lone},\n  },\n});`,
    `'onPreserver' does not exist`,
  ],
  [
    'a class whose constructor takes arguments',
    `${named}await serve(Named); // wrong`,
    'ClassWithoutArguments<',
    'Expected 1 or more, but got 0',
  ],
  [
    'such a class in a map',
    `${named}await serve({\n  '/a': Named, // wrong\n});`,
    'ClassWithoutArguments<',
    'Expected 1 or more, but got 0',
  ],
];

const head = `import { attach, limitByAddress, serve } from 'corosock';
import type { Routes, ServerSocket } from 'corosock';
import { createServer } from 'node:http';
`;
const fileOf = (index: number): string => `program-${index}.ts`;
const textOf = (code: string): string => `${head}${code}\nexport {};\n`;

let said: string;

beforeAll(async () => {
  mkdirSync(folder, { recursive: true });
  const compilerOptions = { isolatedDeclarations: false, noUnusedLocals: false, noUnusedParameters: false };
  const tsconfig = { extends: '../../../tsconfig.json', compilerOptions, include: ['./*.ts'] };
  writeFileSync(new URL('tsconfig.json', folder), JSON.stringify(tsconfig));
  for (const [index, [, code]] of programs.entries()) {
    writeFileSync(new URL(fileOf(index), folder), textOf(code));
  }
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', projectRoot));
  const run = promisify(execFile)(process.execPath, [tsc, '--pretty', 'false', '-p', '.'], {
    cwd: fileURLToPath(folder),
  });
  said = (await run.catch((error: { stdout: string }) => error)).stdout;
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the first error of the compiler is at its line, and names the mistake:', () => {
  it.each(programs.map(([name, code, ...says], index) => ({ name, code, says, index })))(
    '$name',
    ({ code, says, index }) => {
      const errors = said.split(/^(?=\S)/m);
      const first = errors.find((error) => error.startsWith(`${fileOf(index)}(`)) ?? '';
      const line = textOf(code)
        .split('\n')
        .findIndex((text) => text.endsWith('// wrong'));
      expect(Number(/\((\d+),/.exec(first)?.[1])).toBe(line + 1);
      for (const text of says) expect(first).toContain(text);
    },
  );
});

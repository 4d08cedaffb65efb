// Debian's nginx and haproxy in front of hosts of this machine, each with the configuration of the
// guide, in a folder of its own, on a free port, in the foreground. One proxy serves all hosts of a spec file:
// a header of the request names the port of the host. Where they are not installed, `here` is false.

import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settle } from 'corosock/testing';
import { freePort } from '../fixtures/free-port.ts';

/** Names the port of the host to which a proxy passes a request. */
export const HOST_PORT_HEADER = 'X-Road-Port';

export interface Proxy extends AsyncDisposable {
  /** Without a path. */
  readonly url: string;
}

export type StartProxy = () => Promise<Proxy>;

/** One program that can be a proxy, and how it is started. */
interface Program {
  readonly path: string;
  readonly scheme: 'ws' | 'wss';
  /** Writes its files into a folder. @returns The arguments of the program. */
  configure(folder: string, port: number): readonly string[];
}

const PAGE = readFileSync(new URL('../../docs/guide/who-may-connect.md', import.meta.url), 'utf8');

/** Gives a configuration of the guide, with what differs here in the place of what is said there. */
function configOf(name: string, changes: Readonly<Record<string, string>>): string {
  const block = PAGE.split(`\`\`\`${name}\n`)[1]?.split('```')[0] ?? '';
  return Object.entries(changes).reduce((config, [there, here]) => {
    if (!config.includes(there)) throw new Error(`The configuration of ${name} has no line with ${there}`);
    return config.replace(there, here);
  }, block);
}

const NGINX: Program = {
  path: process.env['NGINX_PATH'] ?? firstOf('nginx', '/usr/sbin/nginx'),
  scheme: 'ws',
  configure(folder, port) {
    const isRoot = process.getuid?.() === 0;
    const caches = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
    const site = configOf('nginx', {
      'listen 80;': `listen 127.0.0.1:${port};`,
      'http://127.0.0.1:8080': 'http://127.0.0.1:$http_x_road_port',
    });
    const config = `
      ${isRoot ? 'user root;' : ''}
      daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/log;
      events { worker_connections 1024; }
      http {
        access_log off;
        ${caches.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
        ${site}
      }`;
    writeFileSync(join(folder, 'nginx.conf'), config);
    return ['-p', folder, '-e', join(folder, 'log'), '-c', join(folder, 'nginx.conf')];
  },
};

/** It ends TLS, as a proxy on the open internet does. */
const HAPROXY: Program = {
  path: process.env['HAPROXY_PATH'] ?? firstOf('haproxy', '/usr/sbin/haproxy'),
  scheme: 'wss',
  configure(folder, port) {
    const read = (name: string): Buffer => readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
    const certificate = join(folder, 'localhost.pem');
    writeFileSync(certificate, Buffer.concat([read('localhost-cert.pem'), read('localhost-key.pem')]));
    const config = configOf('haproxy', {
      'bind :443': `bind 127.0.0.1:${port}`,
      '/etc/haproxy/site.pem': certificate,
      'option forwardfor': `option forwardfor\n  http-request set-dst-port hdr(${HOST_PORT_HEADER})`,
      '127.0.0.1:8080': '0.0.0.0:0',
    });
    writeFileSync(join(folder, 'haproxy.cfg'), config);
    return ['-q', '-db', '-f', join(folder, 'haproxy.cfg')];
  },
};

/** Whether a proxy can be started here, for the title of what is skipped without it, and how. */
export interface ProxyHere {
  readonly isHere: boolean;
  /** '' where it is. */
  readonly why: string;
  readonly start: StartProxy;
}

export const nginx: ProxyHere = proxyHere('nginx', NGINX);
export const haproxy: ProxyHere = proxyHere('haproxy', HAPROXY);

function proxyHere(name: string, program: Program): ProxyHere {
  const isHere = spawnSync(program.path, ['-v']).status === 0;
  const why = isHere ? '' : ` (skipped: there is no ${name} here; ${name.toUpperCase()}_PATH can name one)`;
  // The title is seen where skipped specs are listed; this is seen everywhere.
  if (!isHere) process.stderr.write(`Nothing was tried behind ${name}${why}.\n`);
  return { isHere, why, start: () => start(program) };
}

/** A folder of system programs is not in everybody's PATH. */
function firstOf(...names: readonly string[]): string {
  return names.find((name) => spawnSync(name, ['-v']).status === 0) ?? (names[0] as string);
}

/** Starts a proxy. Another process may take the free port meanwhile: it then tries another one. */
async function start(program: Program, attemptsLeft = 3): Promise<Proxy> {
  const folder = mkdtempSync(join(tmpdir(), 'corosock-proxy-'));
  const port = await freePort();
  const child = spawn(program.path, program.configure(folder, port), {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  if (await isListening(child, port)) {
    return { url: `${program.scheme}://127.0.0.1:${port}`, [Symbol.asyncDispose]: stop };
  }
  await stop();
  if (attemptsLeft > 1) return start(program, attemptsLeft - 1);
  throw new Error(`${program.path} has ended with ${child.exitCode}`);
}

/** Waits until the port takes connections. @returns false where the program has ended. */
async function isListening(child: ChildProcess, port: number): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    if (await takesConnections(port)) return true;
    await settle();
  }
  return false;
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (isOpen: boolean) => (): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', end(true)).once('error', end(false));
  });
}

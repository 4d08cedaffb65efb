// What of a server is refused because it would silently never run.

import { attach, serve } from 'corosock';
import type { Routes } from 'corosock';
import { runServer } from 'corosock/testing';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { checkHookNames, checkHooks } from '../../src/server/server-hooks.ts';
import { UsageError } from '../../src/core/errors.ts';

const server = (): void => {};
const MEMBER = (member: string, hook: string): UsageError =>
  new UsageError(
    'COROSOCK_ARGUMENT',
    `routes['/']: "${member}" is no hook and would never run; did you mean "${hook}"?`,
  );

class Gate {
  onPreserver(): boolean {
    return false;
  }

  server(): void {}
}

describe('checkHookNames', () => {
  it.each([
    ['onPreserver', 'onPreServer'],
    ['onpreserver', 'onPreServer'],
    ['OnPreServer', 'onPreServer'],
    ['onPreSever', 'onPreServer'],
    ['onPreServers', 'onPreServer'],
    ['onPosServer', 'onPostServer'],
    ['onClientMessages', 'onClientMessage'],
    ['onExpired', 'onExpire'],
    ['onExpiry', 'onExpire'],
  ])('H32: refuses %s, and names %s', async (member, hook) => {
    const byClass = class {
      server(): void {}
    };
    Object.defineProperty(byClass.prototype, member, { value: server });
    const servables = [{ server, [member]: server }, new byClass(), byClass, class extends byClass {}];
    for (const servable of servables) {
      const routes = { '/': servable } as unknown as Routes;
      await expect(serve(routes)).rejects.toThrow(MEMBER(member, hook));
      expect(() => attach(createServer(), routes)).toThrow(MEMBER(member, hook));
    }
  });

  it.each(['onMessage', 'onOpen', 'onClose', 'onPre', 'on', 'online', 'preServer', 'onExpireSoonest'])(
    "takes %s for the server's own",
    (member) => {
      expect(() => checkHookNames('routes', { server, [member]: server })).not.toThrow();
    },
  );

  it('takes objects without a prototype, and of a class that extends null', () => {
    const bare = Object.assign(Object.create(null) as object, { server });
    expect(() => checkHookNames('routes', bare)).not.toThrow();
    expect(() => checkHookNames('routes', Object.create(bare) as object)).not.toThrow();
  });

  it.each([
    ['a method', Gate],
    [
      'a field',
      class {
        onPreserver = (): boolean => false;
        server(): void {}
      },
    ],
  ])('H32: refuses with 500 what create makes where %s is misspelt', async (_, made) => {
    const reports: string[] = [];
    for (let times = 0; times < 2; times += 1) {
      const create = (): Gate => new made();
      await using run = runServer({ create }, { report: (error) => reports.push(String(error)) });
      await expect(run.client).rejects.toMatchObject({ status: 500 });
    }
    expect(reports).toEqual(
      Array(2).fill(
        'UsageError: runServer().create(): "onPreserver" is no hook and would never run; did you mean "onPreServer"?',
      ),
    );
  });

  it('H32: refuses with 500 a class whose field is misspelt', async () => {
    class Misspelt {
      onPreserver = (): boolean => false;
      server(): void {}
    }
    const reports: string[] = [];
    await using run = runServer(Misspelt, { report: (error) => reports.push(String(error)) });
    await expect(run.client).rejects.toMatchObject({ status: 500 });
    expect(reports).toEqual([expect.stringContaining('"onPreserver" is no hook')]);
  });

  it('runs no getter, and looks through a class once', () => {
    let looks = 0;
    class Counted {
      get onFriday(): never {
        return expect.unreachable();
      }
    }
    const counted = new Proxy(Counted.prototype, {
      ownKeys: (target) => ((looks += 1), Reflect.ownKeys(target)),
    });
    for (let times = 0; times < 3; times += 1) checkHookNames('routes', Object.create(counted) as object);
    expect(looks).toBe(1);
  });
});

describe('checkHooks', () => {
  it('refuses a hook that is no function', () => {
    const hooked = { server, onExpire: 'never' } as never;
    expect(() => checkHooks('routes', hooked)).toThrow('routes.onExpire: expected a function, got "never"');
    expect(() => checkHooks('routes', { server, onExpire: server })).not.toThrow();
  });
});

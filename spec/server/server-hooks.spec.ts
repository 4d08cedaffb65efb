// What of a server is refused because it would silently never run.

import { attach, serve } from 'corosock';
import type { Routes } from 'corosock';
import { runServer } from 'corosock/testing';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { checkHookNames, checkHooks, refuseRouteOptions } from '../../src/server/server-hooks.ts';
import { ROUTE_OPTIONS } from '../../src/server/route-terms.ts';
import { namesOf } from '../../src/core/options.ts';
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

describe('refuseRouteOptions', () => {
  const create = (): Gate => new Gate();
  const refusalOf = async (route: object): Promise<unknown> => {
    const errors = [await serve({ '/': route } as Routes).catch(String)];
    try {
      await attach(createServer(), { '/': route } as Routes).close();
    } catch (error) {
      errors.push(String(error));
    }
    expect(errors[1]).toBe(errors[0]);
    return errors[0];
  };

  it.each([
    [
      'an option',
      { server, maxMessageBytes: 1 },
      '"maxMessageBytes" beside server',
      'options: { maxMessageBytes }',
    ],
    ['a short one', { server, rate: {} }, '"rate" beside server', 'options: { rate }'],
    ['one beside create', { create, queueBytes: 1 }, '"queueBytes" beside create', 'options: { queueBytes }'],
    [
      'a misspelt one',
      { server, maxMesageBytes: 1 },
      '"maxMesageBytes" beside server',
      'options: { maxMessageBytes }',
    ],
    ['a rule of origins', { server, origins: () => true }, '"origins" beside server', 'options: { origins }'],
    ['one in a misspelt object', { server, optoins: {} }, '"optoins" beside server', 'options'],
    ['one in an object in the singular', { create, option: {} }, '"option" beside create', 'options'],
  ])('C2: refuses %s, and shows its place', async (_, route, named, place) => {
    const beside = 'create' in route ? 'create' : 'server';
    expect(await refusalOf(route)).toBe(
      `UsageError: routes['/']: ${named} has no effect; did you mean { serve: { ${beside} }, ${place} }?`,
    );
  });

  it('looks into a route with options, too', async () => {
    expect(await refusalOf({ serve: { server, heartBeat: false }, options: {} })).toContain(
      `routes['/'].serve: "heartBeat" beside server has no effect`,
    );
  });

  it.each([
    ['members of its own', { server, date: 1, actions: [], rates: {}, messages: 3 }],
    [
      'a method with the name of an option',
      {
        server,
        heartbeat: server,
        get rate() {
          return 1;
        },
      },
    ],
    ['an object of a class', Object.assign(new Gate(), { rate: 1 })],
    [
      'a class',
      Object.assign(
        class {
          server(): void {}
        },
        { rate: 1 },
      ),
    ],
    ['a function', Object.assign(() => {}, { rate: 1 })],
  ])('takes %s', (_, route) => {
    expect(() => refuseRouteOptions('routes', route, namesOf(ROUTE_OPTIONS))).not.toThrow();
  });
});

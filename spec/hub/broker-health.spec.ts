import { inspect } from 'node:util';
import { select, source } from 'corosock';
import { virtualClock } from 'corosock/testing';
import { describe, expect, it } from 'vitest';
import { brokerHealthOf, BrokerHealthState } from '../../src/hub/broker-health.ts';

describe('broker health', () => {
  it('says whether the broker is up, and for how long', async () => {
    const clock = virtualClock();
    const state = new BrokerHealthState(true, clock);
    const health = brokerHealthOf(state);
    await clock.advance(10);
    expect([health.broker, health.sinceMs]).toEqual(['up', 10]);
    state.change(false);
    await clock.advance(5);
    expect([health.broker, health.sinceMs]).toEqual(['down', 5]);
    state.change(false);
    expect(health.sinceMs).toBe(5);
  });

  it('says that there is no broker', () => {
    expect(brokerHealthOf(new BrokerHealthState(undefined, virtualClock())).broker).toBe('none');
  });

  it('is a source that gives each change once', async () => {
    const clock = virtualClock();
    const state = new BrokerHealthState(true, clock);
    const health = brokerHealthOf(state);
    const changed = select({ health }, { clock });
    state.change(false);
    expect(await changed).toEqual(['health', { broker: 'down', sinceMs: 0 }]);
    expect(health[source].ready()).toBe(false);
    state.change(true);
    state.change(false);
    expect(await select({ health }, { clock })).toEqual(['health', { broker: 'down', sinceMs: 0 }]);
    expect(await select({ health }, { clock, timeoutMs: 0 })).toEqual(['timeout', undefined]);
  });

  it('is a view of its own for each that asks', () => {
    const state = new BrokerHealthState(false, virtualClock());
    const early = brokerHealthOf(state);
    state.change(true);
    const late = brokerHealthOf(state);
    expect([early[source].ready(), late[source].ready()]).toEqual([true, false]);
  });

  it('wakes all selects that wait, and keeps no listener behind them', () => {
    const state = new BrokerHealthState(true, virtualClock());
    const health = brokerHealthOf(state);
    const woken: string[] = [];
    const offs = ['a', 'b'].map((name) => health[source].subscribe(() => woken.push(name)));
    state.change(false);
    expect(woken).toEqual(['a', 'b']);
    for (const off of offs) off();
    state.change(true);
    expect(woken).toEqual(['a', 'b']);
  });

  it('is shown as what it is', () => {
    const health = brokerHealthOf(new BrokerHealthState(true, virtualClock()));
    expect(inspect(health)).toBe("BrokerHealth { broker: 'up', sinceMs: 0 }");
  });
});

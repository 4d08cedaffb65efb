// The behaviour suite: what users are promised of a conversation, whatever the road. Each spec
// file of this folder runs it over one road; a difference is a bug of ours, or is written down in
// the road's own `sees`.

import { afterAll, describe, vi } from 'vitest';
import { closing } from './closing.ts';
import { companions } from './companions.ts';
import { failures } from './failures.ts';
import { handshakes } from './handshakes.ts';
import { laws } from './laws.ts';
import { messages } from './messages.ts';
import { pressure } from './pressure.ts';
import { reading } from './reading.ts';
import type { Road } from './road.ts';
import { wires } from './wires.ts';

/** Registers the whole suite for one road. */
export function behaviours(road: Road): void {
  // A proxy is a process of its own: on a busy machine it has its turn later than we.
  vi.setConfig({ testTimeout: 30_000 });
  afterAll(() => road.stop());
  describe('messages:', () => messages(road));
  describe('reading:', () => reading(road));
  describe('closing:', () => closing(road));
  describe('back-pressure:', () => pressure(road));
  describe('handshakes:', () => handshakes(road));
  if (road.isWire) describe('bytes:', () => wires(road));
  describe('failures:', () => failures(road));
  describe('laws:', () => laws(road));
  describe('beyond one conversation:', () => companions(road));
}

// The entry point `corosock/testing`: conversations without a port, a clock that the test moves,
// and the contracts of a transport and of a session store.

export { brokerContract } from './contracts/broker-contract.ts';
export type { BrokerUnderTest } from './contracts/broker-check.ts';
export type { Broker } from '../hub/broker.ts';
export type { MemoryNode } from '../brokers/memory-broker.ts';
export type { Check } from './contracts/check.ts';
export type { ClientOfWorld, FakeOptions } from './fake-options.ts';
export { fakeSocket } from './fake-socket.ts';
export { sessionStoreContract } from './contracts/session-store-contract.ts';
export type { SessionStoreUnderTest } from './contracts/session-store-contract.ts';
export type { SessionStore } from '../session/session-store.ts';
export { runServer } from './run-server.ts';
export type { Outcome, ServerRun } from './run-server.ts';
export { settle } from './settle.ts';
export type { TransportPair } from './contracts/link-check.ts';
export { transportContract } from './contracts/transport-contract.ts';
export { simulate } from './simulation/simulate.ts';
export type { SimulateOptions, SimulateReport } from './simulation/simulate.ts';
export { SimulationError } from './simulation/simulation-error.ts';
export { torture } from './simulation/torture/torture.ts';
export type { TortureOptions, TortureReport } from './simulation/torture/torture.ts';
export type { TortureClient, TortureScenario, TortureStage } from './simulation/torture/torture-run.ts';
export { world } from './simulation/world/seeded-world.ts';
export type { World } from './simulation/world/world.ts';
export type { WorldOptions } from './simulation/world/world-options.ts';
export type { Faults, FaultsOption } from './simulation/seeded/faults.ts';
export type { Link, LinkDirection, WorldClient } from './simulation/links/world-link.ts';
export { virtualClock } from './virtual-clock.ts';
export type { VirtualClock } from './virtual-clock.ts';
export type { ClientSocket } from '../socket/client-socket.ts';
export type { SendOptions, SharedMessage, Transport, TransportSink } from '../transport/transport.ts';
export type { LinkEnd } from '../core/close-info.ts';
export { ConnectError } from '../core/errors.ts';

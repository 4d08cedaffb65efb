// The entry point `corosock/ipc`: the broker between processes and threads of one machine, over the
// channels that Node has for them.

export { ipcBroker } from './ipc-broker.ts';
export type { IpcBroker, IpcBrokerOptions } from './ipc-broker.ts';
export type { IpcPeer } from './ipc-link.ts';
export type { Broker } from '../hub/broker.ts';

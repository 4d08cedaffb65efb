// The options that a client has in Node alone: their defaults and checks. Their docstrings are in
// connect-options.ts; the entry point `index.ts` takes the table. No browser loads this file.

import { createSecureContext } from 'node:tls';
import type { ClientPlatform, PlatformTable } from './connect-options.ts';
import { WIRE_OPTIONS, wireChoices } from '../conversation/wire-options.ts';
import { badArgument, checkNames } from '../core/arguments.ts';
import { checkLines, plainLines } from '../core/header-lines.ts';
import { isFieldValue, isToken } from '../core/token.ts';
import { badTls, checkPem } from '../core/tls-material.ts';

/** A row for each option of Node alone. */
export const NODE_OPTIONS: PlatformTable = {
  headers: [Object.freeze({}), checkHeaders],
  tls: [undefined, checkTls],
  agent: [undefined, checkAgent],
};

/** Options that hosts have, too. */
export const NODE_WIRE: NonNullable<ClientPlatform['wire']> = { table: WIRE_OPTIONS, choices: wireChoices };

/** Headers of the handshake itself, or of a body, which it does not have. */
const NOT_OURS =
  /^(?:connection|content-length|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade|sec-websocket-.*)$/i;

function checkHeaders(call: string, option: string, headers: unknown): void {
  checkLines(call, option, headers);
  for (const [name, value] of Object.entries(plainLines(headers))) {
    if (!isToken(name) || NOT_OURS.test(name)) {
      throw badArgument(call, "headers to have names of its own, none of the handshake's", name);
    }
    // The value is not in the message: it may be a secret.
    if (!isFieldValue(value)) {
      throw badArgument(call, `the header ${name} to be text of ISO-8859-1 in one line`, typeof value);
    }
  }
}

/**
 * Those of `tls.connect` and `tls.createSecureContext` up to Node 24. Where the connection leads is
 * said by the URL; other names would get into the request.
 */
const TLS_NAMES: ReadonlySet<string> = new Set([
  'ALPNProtocols',
  'allowPartialTrustChain',
  'ca',
  'cert',
  'checkServerIdentity',
  'ciphers',
  'crl',
  'dhparam',
  'ecdhCurve',
  'enableTrace',
  'honorCipherOrder',
  'key',
  'maxVersion',
  'minDHSize',
  'minVersion',
  'passphrase',
  'pfx',
  'privateKeyEngine',
  'privateKeyIdentifier',
  'pskCallback',
  'rejectUnauthorized',
  'secureContext',
  'secureOptions',
  'secureProtocol',
  'servername',
  'session',
  'sessionIdContext',
  'sessionTimeout',
  'sigalgs',
]);

/** Refuses other names, names of files, and what OpenSSL refuses. The values are in no message. */
function checkTls(call: string, name: string, tls: unknown): void {
  if (tls === undefined) return;
  if (typeof tls !== 'object' || tls === null) throw badArgument(call, `${name} to be an object`, tls);
  checkNames(`${call} ${name}`, tls, TLS_NAMES);
  const options: Readonly<Record<string, unknown>> = { ...tls };
  for (const part of ['ca', 'cert', 'key']) {
    for (const text of [options[part]].flat()) checkPem(call, `${name}.${part}`, text);
  }
  try {
    createSecureContext(tls);
  } catch (cause) {
    throw badTls(call, 'node:tls', cause);
  }
}

/** Refuses what node:http would not take for an agent. */
function checkAgent(call: string, name: string, agent: unknown): void {
  if (agent === undefined) return;
  const { addRequest } = Object(agent) as { readonly addRequest?: unknown };
  if (typeof addRequest !== 'function') throw badArgument(call, `${name} to be an http.Agent`, agent);
}

// Certificates and keys that `serve` and `connect` are given: what both check before node:tls takes
// them, what they say when it does not, and which errors of a connection come from a certificate.

import { UsageError } from './errors.ts';
import { propertyOf } from './object-like.ts';

/** Refuses text that is no PEM, such as the name of a file. The value is not in the message. */
export function checkPem(call: string, name: string, value: unknown): void {
  if (typeof value !== 'string' || value.includes('-----BEGIN ')) return;
  const text = `${call}: expected ${name} to be PEM, as in the file, got another text`;
  throw new UsageError('COROSOCK_ARGUMENT', text);
}

/** Makes the error for TLS options that Node or OpenSSL refuses. */
export function badTls(call: string, taker: string, cause: unknown): UsageError {
  const { message, code = '' } = cause as Error & { readonly code?: string };
  const hint = HINTS.get(code) ?? '';
  const text = `${call}: expected tls to be what ${taker} takes, got an error of it: ${message}${hint}`;
  return new UsageError('COROSOCK_ARGUMENT', text, { cause });
}

/** What OpenSSL means, where its words do not say it. */
const HINTS: ReadonlyMap<string, string> = new Map([
  ['ERR_OSSL_UNSUPPORTED', '; the key is no private key in PEM'],
  ['ERR_OSSL_PEM_NO_START_LINE', '; the cert is no certificate in PEM'],
  ['ERR_OSSL_BAD_DECRYPT', '; the passphrase of the key is missing or wrong'],
]);

/**
 * Codes of node:tls for a certificate of the server: OpenSSL's X509_V_ERR names, and a wrong name.
 */
const UNTRUSTED =
  /^(?:CERT_|CRL_|DEPTH_ZERO_|ERR_TLS_CERT_|ERROR_IN_C|HOSTNAME_|INVALID_|PATH_LENGTH_|SELF_SIGNED_|UNABLE_TO_)/;
/** Codes for an alert of the server about a certificate of ours. */
const REFUSED = /^ERR_SSL_.*ALERT_(?:.*CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)/;

/** Tells whether a connection has failed for a certificate: another attempt would fail, too. */
export function isCertificateError(error: unknown): boolean {
  const code = String(propertyOf(error, 'code'));
  return UNTRUSTED.test(code) || REFUSED.test(code);
}

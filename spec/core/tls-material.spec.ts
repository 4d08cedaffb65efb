// Which errors come from a certificate. What is refused of certificates and keys is tried where they
// are given: server/port-listener.spec.ts, client/node-options.spec.ts.

import { describe, expect, it } from 'vitest';
import { badTls, checkPem, isCertificateError } from '../../src/core/tls-material.ts';

describe('isCertificateError', () => {
  it.each([
    'CERT_HAS_EXPIRED',
    'CERT_REVOKED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'INVALID_PURPOSE',
    // As `openssl s_server -Verify` sends them, for none and for an unknown certificate.
    'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
    'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
  ])('is true of %s', (code) => {
    expect(isCertificateError(Object.assign(new Error('no'), { code }))).toBe(true);
  });

  it.each([
    ['a reset', { code: 'ECONNRESET' }],
    ['a TLS error of another kind', { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }],
    ['an error without a code', new Error('no')],
    ['nothing', undefined],
  ])('is false of %s', (_, error) => {
    expect(isCertificateError(error)).toBe(false);
  });
});

describe('what is given as a certificate', () => {
  it('is refused without being shown', () => {
    expect(() => checkPem('serve()', 'tls.cert', './secret.pem')).toThrow(
      /^serve\(\): expected tls.cert to be PEM, as in the file, got another text$/,
    );
    expect(() => checkPem('serve()', 'tls.cert', '-----BEGIN CERTIFICATE-----')).not.toThrow();
    expect(() => checkPem('serve()', 'tls.cert', Buffer.from('any'))).not.toThrow();
  });

  it.each([
    ['ERR_OSSL_BAD_DECRYPT', 'no; the passphrase of the key is missing or wrong'],
    ['ERR_OTHER', 'no'],
    [undefined, 'no'],
  ])('brings what OpenSSL means by its error: %s', (code, words) => {
    const error = badTls('serve()', 'node:https', Object.assign(new Error('no'), { code }));
    expect(error.message).toBe(
      `serve(): expected tls to be what node:https takes, got an error of it: ${words}`,
    );
  });
});

// Is it the trust that fails? Then the network and the password are right, and the advice for neither helps. A handshake that
// broke (ERR_SSL_…) is not among these: the next one may succeed.

/** Codes of Node: what it says of a certificate is X509_V_ERR_… of OpenSSL without the prefix. */
const CODES =
  /^(ERR_TLS_CERT_|CERT_|DEPTH_ZERO_SELF_SIGNED_|SELF_SIGNED_CERT_|UNABLE_TO_(GET|VERIFY)_|INVALID_CA$|INVALID_PURPOSE$|HOSTNAME_MISMATCH$)/;

/** A file that the URL names (sslrootcert, sslcert, sslkey): whoever connects opens no other one. */
const FILE = /^(ENOENT|ENOTDIR|EACCES|EISDIR): .*, (open '.*'|read)$/s;

export function isTlsFailure(code: unknown, message: string): boolean {
  if (FILE.test(message)) return true;
  return typeof code === 'string' ? CODES.test(code) : /does not support SSL/i.test(message);
}

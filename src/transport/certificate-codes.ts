/**
 * Codes of errors about the certificate of the other side: nothing was sent, and it is somebody's to repair, so they are of
 * class `config`. Source: Node, "X509 certificate error codes".
 */
export const certificateCodes = [
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REVOKED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_TLS_CERT_ALTNAME_INVALID",
] as const;

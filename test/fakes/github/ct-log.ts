import { createHash, sign, type KeyPairKeyObjectResult } from 'node:crypto';

/** A log of certificates, in the form in which the mock's authority asks for it. */
export interface CertificateLog {
  readonly logID: Buffer;
  readonly publicKey: Buffer;
  log(certificate: ArrayBuffer, issuerID: ArrayBuffer): Promise<ArrayBuffer>;
}

const headerBytesMin = 2;

/** The first element inside a DER sequence: of a certificate, what was signed. */
function firstInside(der: Buffer): Buffer {
  const size = (at: number): { header: number; content: number } => {
    const first = der.readUInt8(at + 1);
    if (first < 0x80) return { header: headerBytesMin, content: first };
    const bytes = first & 0x7f;
    return { header: headerBytesMin + bytes, content: der.readUIntBE(at + 2, bytes) };
  };
  const start = size(0).header;
  const { header, content } = size(start);
  return der.subarray(start, start + header + content);
}

function number(value: number, bytes: number): Buffer {
  const made = Buffer.alloc(bytes);
  made.writeUIntBE(value, 0, bytes);
  return made;
}

/**
 * RFC 6962, section 3.2. The mock's own log writes an empty signature with the library for
 * certificates that is installed beside it, so verifiers refuse its certificates.
 */
export function certificateLog(pair: KeyPairKeyObjectResult): CertificateLog {
  const publicKey = pair.publicKey.export({ format: 'der', type: 'spki' });
  const logID = createHash('sha256').update(publicKey).digest();
  return {
    logID, publicKey,
    log: (certificate, issuerID) => {
      const signed = firstInside(Buffer.from(certificate));
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(BigInt(Date.now()));
      const none = number(0, 2);
      const signature = sign('sha256', Buffer.concat([
        // Version 1, a time stamp of a certificate, of the kind that is not issued yet.
        number(0, 1), number(0, 1), time, number(1, 2), Buffer.from(issuerID),
        number(signed.length, 3), signed, none]), pair.privateKey);
      // SHA-256 and ECDSA.
      const body = Buffer.concat([number(0, 1), logID, time, none, number(4, 1), number(3, 1),
        number(signature.length, 2), signature]);
      const whole = Uint8Array.from([...number(body.length, 2), ...body]);
      return Promise.resolve(whole.buffer);
    },
  };
}

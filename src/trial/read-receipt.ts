import { canonicalJson } from '../config/canonical.ts';
import { SeatrialError, type Problem } from '../errors.ts';
import { checksumOf } from './receipt.ts';
import { predicateType, statementSchema, statementType, type Statement }
  from './receipt-shape.ts';

export interface Receipt {
  readonly statement: Statement;
  /** `unchecked`: there is a signature around it, which Seatrial does not check. */
  readonly signature: 'none' | 'unchecked';
}

const charactersMax = 16 * 1024 * 1024;
const depthMax = 64;
const problemsMax = 20;
const payloadType = 'application/vnd.in-toto+json';
const askAgain = 'Take the receipt as rehearse wrote it, or run rehearse again.';

/**
 * Reads a receipt: the statement itself, or one in a DSSE envelope (github.com/secure-systems-lab/
 * dsse), alone or in a Sigstore bundle. Of an envelope only the type of the payload is checked:
 * say so to who relies on it. Whatever the text is, it ends with a receipt or an error.
 * @throws bad-input, with all that is wrong; refused where it was changed since it was written.
 */
export function readReceipt(text: string, place: string): Receipt {
  const outer = parseJson(text, place);
  const envelope = envelopeOf(outer);
  if (envelope === undefined) {
    const statement = parseStatement(outer, place);
    if (asWritten(statement, outer) !== text) throw changed(place);
    return { statement, signature: 'none' };
  }
  const payload = decode(envelope, place);
  return { statement: parseStatement(parseJson(payload, place), place), signature: 'unchecked' };
}

function parseStatement(value: unknown, place: string): Statement {
  const parsed = statementSchema.safeParse(value);
  if (!parsed.success) {
    throw bad(parsed.error.issues.slice(0, problemsMax).map(({ path, message }) => ({ place,
      message: `${path.length === 0 ? 'it' : path.map(String).join('.')}: ${message}` })));
  }
  const { subject, predicate } = parsed.data;
  const isSubject = subject.some(({ digest }) => digest.sha256 === predicate.release.sha256);
  const { predicate: raw } = value as { predicate: Record<string, unknown> };
  if (!isSubject || checksumOf(raw) !== predicate.checksum.sha256) throw changed(place);
  return parsed.data;
}

/** The one text that has this predicate: the checksum does not cover what is around it. */
function asWritten({ predicate: { release } }: Statement, value: unknown): string {
  return canonicalJson({ _type: statementType, predicateType,
    subject: [{ name: release.archive, digest: { sha256: release.sha256 } }],
    predicate: (value as { predicate: unknown }).predicate });
}

interface Envelope {
  readonly payload: unknown;
  readonly payloadType: unknown;
}

function envelopeOf(value: unknown): Envelope | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('dsseEnvelope' in value) return envelopeOf(value.dsseEnvelope);
  return 'payload' in value && 'payloadType' in value
    ? { payload: value.payload, payloadType: value.payloadType } : undefined;
}

function decode(envelope: Envelope, place: string): string {
  if (envelope.payloadType !== payloadType || typeof envelope.payload !== 'string') {
    throw bad([{ place, message: `the envelope's payload is not ${payloadType}` }]);
  }
  const bytes = Buffer.from(envelope.payload, 'base64');
  if (bytes.toString('base64') !== envelope.payload) {
    throw bad([{ place, message: 'the envelope\'s payload is not base64' }]);
  }
  return bytes.toString('utf8');
}

function parseJson(text: string, place: string): unknown {
  if (text.length > charactersMax) {
    throw bad([{ place, message: `it is longer than ${charactersMax} characters` }]);
  }
  if (isDeep(text)) throw bad([{ place, message: 'it is nested too deeply' }]);
  try {
    return JSON.parse(text);
  } catch {
    throw bad([{ place, message: 'it is not JSON' }]);
  }
}

/** Before anything that calls itself for each level: a text of brackets fills the stack. */
function isDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.replace(/"(?:[^"\\]|\\.)*"/gs, '').matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > depthMax) return true;
  }
  return false;
}

function changed(place: string): SeatrialError {
  return new SeatrialError('refused', [{ place, fix: askAgain,
    message: 'the receipt was changed since rehearse wrote it' }]);
}

function bad(problems: readonly Problem[]): SeatrialError {
  return new SeatrialError('bad-input', problems.map((it) => ({ ...it, fix: askAgain,
    message: `the receipt cannot be read: ${it.message}` })));
}

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeatrialError } from '../../src/errors.ts';
import { readReceipt } from '../../src/trial/read-receipt.ts';
import { checksumOf, createReceipt, receiptText } from '../../src/trial/receipt.ts';
import { receiptJsonSchema, type Statement } from '../../src/trial/receipt-shape.ts';
import type { Rehearsal } from '../../src/trial/rehearsal.ts';
import { verifyReceipt, type DeployKnows } from '../../src/trial/verify-receipt.ts';
import { passed, refused, rehearsals } from './rehearsals.ts';

const root = resolve(import.meta.dirname, '../..');
const made = { archive: 'guestbook-3.0.0.tar.gz', toolVersion: '0.1.0',
  parity: { openssl: '3.0.11' } };
const statement = createReceipt(passed, made);
const text = receiptText(statement);

const knows: DeployKnows = {
  application: 'guestbook', version: '3.0.0', tarballSha256: passed.release.digest,
  configFile: 'seatrial.yml', configDigest: passed.configDigest,
  procedureDigest: passed.procedureDigest, production: passed.production,
  now: new Date('2026-01-15T08:00:00Z'), receiptSeconds: 86_400, parityDrift: [],
};

function messages(more: Partial<DeployKnows>, of = text): string[] {
  return verifyReceipt(readReceipt(of, 'receipt.json'), { ...knows, ...more })
    .map(({ message, fix }) => `${message}. ${fix}`);
}

function problemsOf(given: string): readonly string[] {
  try {
    readReceipt(given, 'receipt.json');
    return [];
  } catch (error) {
    if (!(error instanceof SeatrialError)) throw error;
    return error.problems.map(({ message }) => message);
  }
}

describe('a receipt', () => {
  it('is canonical JSON that is read back as it was, and fits what it was made for', () => {
    const receipt = readReceipt(text, 'receipt.json');
    expect(receipt).toEqual({ statement, signature: 'none' });
    expect(verifyReceipt(receipt, knows)).toEqual([]);
    expect(text).toMatch(/^\{"_type":"https:\/\/in-toto\.io\/Statement\/v1","predicate":\{/);
  });

  it('has the same bytes from the same rehearsal, whatever the order of its keys', () => {
    const turned = Object.fromEntries(Object.entries(passed).reverse()) as unknown as Rehearsal;
    expect(receiptText(createReceipt(turned, made))).toBe(text);
  });

  it('takes the digest as the manifest has it, or with its algorithm', () => {
    const release = { ...passed.release, digest: `sha256:${passed.release.digest}` };
    expect(receiptText(createReceipt({ ...passed, release }, made))).toBe(text);
  });

  it('counts the differences, and names those that were accepted', () => {
    expect(createReceipt(refused, made).predicate.differences).toEqual({ refused: 2, told: 2,
      accepted: [{ state: 'guestbook', object: 'public.sessions', kind: 'rows-lost',
        reason: 'sessions that ended a year ago are removed' }] });
  });

  it('is refused after any of its bytes was changed', () => {
    const bytes = Buffer.from(text);
    fc.assert(fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }),
      (at, change) => {
        const other = Buffer.from(bytes);
        other[at] = (other[at] ?? 0) ^ change;
        expect(problemsOf(other.toString('utf8'))).not.toEqual([]);
      }), { numRuns: 3000 });
  });

  it('is refused cut short, longer, or written otherwise', () => {
    for (let end = 0; end < text.length; end += 97) {
      expect(problemsOf(text.slice(0, end))).not.toEqual([]);
    }
    expect(problemsOf(text.replace('"name":"guestbook-3', '"name":"guestbook-4'))).toHaveLength(1);
    expect(problemsOf(`${text}\n`)).toEqual(['the receipt was changed since rehearse wrote it']);
    expect(problemsOf(JSON.stringify(JSON.parse(text), null, 1))).toHaveLength(1);
    expect(problemsOf(text.replace('{"_type"', '{"_type":"x","_type"'))).toHaveLength(1);
  });

  it('tells all that is wrong with its shape at once', () => {
    const broken = JSON.parse(text) as { predicateType: string; predicate: object };
    const { message } = catchError(JSON.stringify({ ...broken, predicateType: 'https://slsa.dev',
      predicate: { ...broken.predicate, verdict: 'fine', undo: 3, data: [{}] } }));
    for (const at of ['predicateType', 'predicate.verdict', 'predicate.undo', 'data.0.state']) {
      expect(message).toContain(at);
    }
  });

  it.each([
    ['nothing', '', /not JSON/], ['a word', '"receipt"', /expected object/],
    ['null', 'null', /expected object/], ['a list', '[]', /expected object/],
    ['brackets that fill the stack', '['.repeat(1_000_000), /nested too deeply/],
    ['brackets in an envelope', JSON.stringify({ payloadType: 'application/vnd.in-toto+json',
      payload: Buffer.from('{"a":'.repeat(90_000)).toString('base64') }), /nested too deeply/],
    ['more than fits', `"${'x'.repeat(17 * 1024 * 1024)}"`, /longer than/],
    ['another payload', '{"payload":"e30=","payloadType":"text/html"}', /payload is not/],
    ['a payload that is not base64', '{"payload":"e30","payloadType":'
      + '"application/vnd.in-toto+json"}', /not base64/],
  ])('refuses %s', (_, given, message) => {
    expect(problemsOf(given).join('\n')).toMatch(message);
  });

  it('ends with an error of the world, whatever JSON it is given', () => {
    const parts = fc.json().map((json) => json.slice(0, 2000));
    fc.assert(fc.property(fc.oneof(parts, fc.string(), fc.json().map((json) =>
      text.replace('"undo":', `"undo":${json},"x":`))), (given) => {
      expect(problemsOf(given)).not.toEqual([]);
    }), { numRuns: 500 });
  });
});

function catchError(given: string): SeatrialError {
  try {
    readReceipt(given, 'receipt.json');
  } catch (error) {
    if (error instanceof SeatrialError) return error;
  }
  throw new Error('it was read');
}

describe('a receipt in an envelope', () => {
  const payload = Buffer.from(text).toString('base64');
  const envelope = { payload, payloadType: 'application/vnd.in-toto+json',
    signatures: [{ sig: 'AAAA' }] };

  it.each([
    ['alone', envelope],
    ['in a bundle', { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      dsseEnvelope: envelope }],
  ])('is read, and says that the signature was not checked: %s', (_, given) => {
    expect(readReceipt(JSON.stringify(given), 'receipt.json'))
      .toEqual({ statement, signature: 'unchecked' });
  });

  it('may be written by another tool, but says the same', () => {
    const pretty = JSON.stringify({ ...statement, subject: [{ name: 'x', digest: { sha256:
      passed.release.digest } }] }, null, 2);
    const given = { ...envelope, payload: Buffer.from(pretty).toString('base64') };
    expect(messages({}, JSON.stringify(given))).toEqual([]);
    const other = pretty.replace('"seconds": 38.7', '"seconds": 3.7');
    expect(problemsOf(JSON.stringify({ ...envelope,
      payload: Buffer.from(other).toString('base64') }))).toHaveLength(1);
  });
});

describe('a receipt that does not fit', () => {
  const other = 'e'.repeat(64);
  const production = passed.production;
  const sentences: Record<string, Partial<DeployKnows>> = {
    'another application': { application: 'wiki' },
    'another tarball': { tarballSha256: other },
    'another version': { version: '3.0.1' },
    'another configuration': { configDigest: other, procedureDigest: other },
    'another procedure': { procedureDigest: other },
    'production was deployed': { production: { ...production, installedSha256: other,
      installedVersion: '2.1.0' } },
    'production was removed': { production: { ...production, installedSha256: 'none',
      installedVersion: undefined } },
    'another schema': { production: { ...production, schema: { guestbook: other } } },
    'no schema any more': { production: { ...production, schema: {} } },
    'another host': { production: { ...production, host: 'www2.example.org' } },
    'another machine of that name': { production: { ...production, machine: other } },
    'too old': { now: new Date('2026-01-17T09:00:00Z') },
    'old by a second': { now: new Date('2026-01-16T02:44:32Z') },
    'in the future': { now: new Date('2026-01-15T01:00:00Z') },
    'no clock': { now: new Date(Number.NaN) },
    'parity drift': { parityDrift: ['openssl: 3.0.11 -> 3.0.14', 'kernel: 6.1.0 -> 6.1.5'] },
  };

  it('says so in a sentence that helps', () => {
    const lines = Object.entries(sentences).flatMap(([name, more]) =>
      [`== ${name}`, ...messages(more)]);
    expectGolden(`${lines.join('\n')}\n`);
  });

  it.each(Object.entries(sentences))('is refused: %s', (_, more) => {
    expect(messages(more)).not.toEqual([]);
    expect(messages(more).filter((it) => /undefined|NaN|null/.test(it))).toEqual([]);
  });

  it('is refused where the rehearsal was', () => {
    const of = (it: Rehearsal): string => receiptText(createReceipt(it, made));
    expect(messages({}, of(refused))[0]).toContain('the rehearsal was refused: In guestbook,');
    for (const more of [{ undo: null }, { undo: refused.undo }, { reasons: ['no'] },
      { differences: refused.differences }, { secondStart: refused.secondStart },
      { migrateTwice: refused.secondStart }]) {
      expect(messages({}, of({ ...passed, ...more }))).toHaveLength(1);
    }
  });

  it('is refused where times are none, or the end is before the begin', () => {
    const of = (it: Partial<Rehearsal>) => receiptText(createReceipt({ ...passed, ...it }, made));
    expect(messages({}, of({ endedAt: '2026-99-15T02:44:31Z' }))).toHaveLength(1);
    expect(messages({}, of({ endedAt: '2026-01-15T02:39:57Z' }))).toHaveLength(1);
  });

  it('is refused after any bound field was changed, though its checksum was made anew', () => {
    const fields = ['release.application', 'release.version', 'release.sha256', 'verdict',
      'configuration.sha256', 'procedure.sha256', 'production.host', 'production.machine',
      'production.installed.sha256', 'production.installed.version', 'production.schema',
      'undo.equal', 'differences.refused', 'endedAt'];
    const values = fc.oneof(fc.string({ minLength: 1 }), fc.constant(other), fc.constant(null),
      fc.constant({ guestbook: 'x' }), fc.constant(7), fc.constant(false), fc.constant('refused'),
      fc.constant('2024-01-15T02:44:31Z'), fc.constant('none'));
    fc.assert(fc.property(fc.constantFrom(...fields), values, (field, value) => {
      const forged = forge(field, value);
      expect(problemsOf(forged).length === 0 && messages({}, forged).length === 0).toBe(false);
    }), { numRuns: 1500 });
  });
});

function forge(field: string, value: unknown): string {
  const copy = JSON.parse(text) as Statement;
  let node = copy.predicate as unknown as Record<string, unknown>;
  const names = field.split('.');
  for (const name of names.slice(0, -1)) node = node[name] as Record<string, unknown>;
  node[names.at(-1) ?? ''] = value;
  const checksum = { sha256: checksumOf(copy.predicate) };
  return receiptText({ ...copy, subject: [{ name: 'x', digest: { sha256:
    copy.predicate.release.sha256 } }], predicate: { ...copy.predicate, checksum } });
}

/** Compares with test/cases/trial/receipt.txt; UPDATE_GOLDEN=1 writes it. */
function expectGolden(lines: string): void {
  const path = resolve(root, 'test/cases/trial/receipt.txt');
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, lines);
  expect(existsSync(path) ? readFileSync(path, 'utf8') : 'no file').toBe(lines);
}

describe('the published schema', () => {
  const path = resolve(root, 'schema/rehearsal-receipt.schema.json');
  const accepts = new Ajv2020({ allErrors: true, strict: true, strictRequired: false,
    allowUnionTypes: true }).compile(receiptJsonSchema());

  it('is the file; UPDATE_SCHEMA=1 writes it', () => {
    const schema = `${JSON.stringify(receiptJsonSchema(), null, 2)}\n`;
    if (process.env.UPDATE_SCHEMA === '1') writeFileSync(path, schema);
    expect(readFileSync(path, 'utf8')).toBe(schema);
  });

  it.each(Object.keys(rehearsals))('accepts that of %s, and none without a field', (name) => {
    const it = rehearsals[name];
    if (it === undefined) throw new Error(name);
    const whole = createReceipt(it, made);
    accepts(whole);
    expect(accepts.errors ?? []).toEqual([]);
    for (const key of Object.keys(whole.predicate).filter((each) => each !== 'parity')) {
      const bare: Record<string, unknown> = { ...whole.predicate };
      delete bare[key];
      expect([key, accepts({ ...whole, predicate: bare })]).toEqual([key, false]);
    }
  });

  it('describes every key, and so does docs/receipt.md', () => {
    const docs = readFileSync(resolve(root, 'docs/receipt.md'), 'utf8');
    const bare: string[] = [];
    const visit = (value: unknown, at: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const properties = 'properties' in value ? value.properties as Record<string, object> : {};
      for (const [key, field] of Object.entries(properties)) {
        const is = 'description' in field ? String(field.description) : '';
        if (!/^.{5,}[.)]$/.test(is) && key !== 'digest') bare.push(`${at}${key}: ${is}`);
        if (!docs.includes(`\`${key}\``)) bare.push(`${at}${key} is not in docs/receipt.md`);
        visit(field, `${at}${key}.`);
        if ('items' in field) visit(field.items, `${at}${key}[].`);
      }
    };
    visit(receiptJsonSchema(), '');
    expect(bare).toEqual([]);
  });
});

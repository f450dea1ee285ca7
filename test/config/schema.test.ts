import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { jsonSchema } from '../../src/config/parse.ts';
import { fileOf, problemsOf, unmark } from './files.ts';
import { refusedShapes } from './refused-cases.ts';
import { refusedRehearsals } from './rehearsal-cases.ts';
import { refusedRules } from './rule-cases.ts';
import { validFiles } from './valid-files.ts';

const path = resolve(import.meta.dirname, '../../schema/seatrial.schema.json');
const accepts = new Ajv2020({ allErrors: true, strict: true, strictRequired: false,
  allowUnionTypes: true }).compile(jsonSchema());

describe('the JSON Schema', () => {
  it('is the file that is published; UPDATE_SCHEMA=1 writes it', () => {
    const text = `${JSON.stringify(jsonSchema(), null, 2)}\n`;
    if (process.env['UPDATE_SCHEMA'] === '1') writeFileSync(path, text);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('describes every key', () => {
    const bare: string[] = [];
    const visit = (value: unknown, at: string): void => {
      if (typeof value !== 'object' || value === null) return;
      const properties = 'properties' in value ? value.properties as Record<string, object> : {};
      for (const [key, field] of Object.entries(properties)) {
        const text = 'description' in field ? String(field.description) : '';
        if (!/^.{10,}[.)]$/.test(text)) bare.push(`${at}.${key}: ${text}`);
      }
      for (const [key, it] of Object.entries(value)) visit(it, `${at}.${key}`);
    };
    visit(jsonSchema(), '');
    expect(bare).toEqual([]);
  });

  it.each(Object.keys(validFiles))('accepts %s', (name) => {
    accepts(parse(validFiles[name] ?? ''));
    expect(accepts.errors ?? []).toEqual([]);
  });

  const refused = [...refusedShapes, ...refusedRules, ...refusedRehearsals];

  it.each(refused)('and the parser, about: %s', (...it) => {
    const [, changes, , by] = it;
    const { text } = unmark(fileOf(changes));
    expect(problemsOf(text)).not.toEqual([]);
    expect(accepts(parse(text, { logLevel: 'silent' }))).toBe(by === 'parser');
  });
});

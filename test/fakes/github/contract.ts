import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import type { Asked, Reply } from './http.ts';

/** GitHub's published description, as far as openapi.json has it. */
interface Description {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly schemas: Readonly<Record<string, unknown>>;
}

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: unknown;
}

interface Operation {
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly required: boolean; readonly schema?: unknown };
  /** By status; null: no JSON. */
  readonly replies: Readonly<Record<string, unknown>>;
}

export interface Contract {
  /** What was wrong so far, requests and replies: a test ends with this empty. */
  readonly violations: string[];
  readonly operations: readonly string[];
  /** A 599 where the request is not as described. */
  request(operation: string, request: { readonly asked: Asked;
    readonly parameters: Readonly<Record<string, string>>; }): Reply | undefined;
  /** The reply, or a 599 where the stand-in itself answered wrongly. */
  reply(operation: string, reply: Reply): Reply;
  violated(what: string, problems: readonly string[]): Reply;
}

const common = 'https://description.invalid/';
/** Any operation may answer these, described or not. */
const always = new Set([400, 401, 403, 404, 422, 429]);

/** What GitHub sends all the same: clients in wide use read it, the description forgot it. */
const undescribed: Readonly<Record<string, readonly string[]>> = {
  environment: ['can_admins_bypass'],
  // `starter` after an upload that broke: the text of the same description says so.
  'release-asset': ['state'],
};

/**
 * The description allows any further property. Here unknown ones are refused, in what is asked (a
 * misspelled property) and in what is answered (a property that GitHub does not send).
 */
function closed(node: unknown, open = false): unknown {
  if (Array.isArray(node)) return node.map((it) => closed(it, open));
  if (typeof node !== 'object' || node === null) return node;
  const entries = Object.entries(node).map(([key, value]: [string, unknown]) => {
    if (key === 'properties') {
      return [key, Object.fromEntries(Object.entries(value as object)
        .map(([name, it]: [string, unknown]) => [name, closed(it)]))];
    }
    return [key, closed(value, key === 'allOf' || key === 'anyOf' || key === 'oneOf')];
  });
  const made = Object.fromEntries(entries) as Record<string, unknown>;
  const mixed = 'allOf' in made || 'anyOf' in made || 'oneOf' in made;
  if (open || mixed || made['properties'] === undefined) return made;
  return { additionalProperties: false, ...made };
}

function load(): Description {
  const path = new URL('openapi.json', import.meta.url);
  const text = readFileSync(path, 'utf8').replaceAll('"#/schemas/', `"${common}#/schemas/`);
  const description = JSON.parse(text) as Description;
  for (const [name, keys] of Object.entries(undescribed)) {
    const schema = description.schemas[name] as { properties: Record<string, unknown> };
    for (const key of keys) schema.properties[key] = {};
  }
  return description;
}

function problemsOf(check: ValidateFunction, value: unknown, what: string): string[] {
  if (check(value) === true) return [];
  return (check.errors ?? []).map((it) => `${what}${it.instancePath} ${it.message ?? ''}`
    + (it.keyword === 'additionalProperties'
      ? ` (${String(it.params['additionalProperty'])})` : ''));
}

function parse(body: Buffer): unknown {
  try {
    return body.length === 0 ? undefined : JSON.parse(body.toString()) as unknown;
  } catch {
    return undefined;
  }
}

/** Uploads have a server of their own; its path here begins with /uploads. */
function named(operation: string): string {
  return operation.replace(' /uploads/', ' /');
}

class Checker implements Contract {
  readonly violations: string[] = [];
  readonly #description = load();
  readonly #ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false });
  readonly #coercing = new Ajv({ strict: false, allErrors: true, validateFormats: false,
    coerceTypes: true });
  readonly #checks = new Map<string, ValidateFunction>();

  constructor() {
    const schemas = closed(this.#description.schemas);
    for (const it of [this.#ajv, this.#coercing]) it.addSchema({ $id: common, schemas });
  }

  get operations(): readonly string[] {
    return Object.keys(this.#description.operations);
  }

  #check(key: string, schema: unknown, coerce = false): ValidateFunction {
    const known = this.#checks.get(key);
    if (known !== undefined) return known;
    const made = (coerce ? this.#coercing : this.#ajv).compile(closed(schema) as object);
    this.#checks.set(key, made);
    return made;
  }

  #parameters(operation: string, of: Operation, where: 'path' | 'query'): ValidateFunction {
    const all = of.parameters.filter((it) => it.in === where);
    return this.#check(`${operation} ${where}`, { type: 'object',
      properties: Object.fromEntries(all.map((it) => [it.name, it.schema])),
      required: all.filter((it) => it.required).map((it) => it.name) }, true);
  }

  request(operation: string, { asked, parameters }: Parameters<Contract['request']>[1]):
  Reply | undefined {
    const of = this.#description.operations[named(operation)];
    if (of === undefined) return this.violated(operation, ['is not in the description']);
    const query = Object.fromEntries(asked.url.searchParams);
    const problems = [
      ...problemsOf(this.#parameters(operation, of, 'path'), { ...parameters }, 'path'),
      ...problemsOf(this.#parameters(operation, of, 'query'), query, 'query'),
    ];
    const schema = of.body?.schema;
    const json = parse(asked.body);
    if (schema !== undefined && asked.whole && (json !== undefined || of.body?.required === true)) {
      problems.push(...problemsOf(this.#check(`${operation} body`, schema), json ?? {}, 'body'));
    }
    if (of.body === undefined && asked.body.length > 0) problems.push('takes no body');
    return problems.length === 0 ? undefined : this.violated(operation, problems);
  }

  reply(operation: string, reply: Reply): Reply {
    const of = this.#description.operations[named(operation)];
    const schema = of?.replies[String(reply.status)];
    if (schema === undefined) {
      return always.has(reply.status) ? reply
        : this.violated(operation, [`answers no ${reply.status}, says the description`]);
    }
    if (schema === null) {
      return reply.body === undefined || reply.status >= 400 ? reply
        : this.violated(operation, [`${reply.status} has no body, says the description`]);
    }
    const value: unknown = reply.body === undefined ? undefined
      : JSON.parse(JSON.stringify(reply.body));
    const problems = problemsOf(this.#check(`${operation} ${reply.status}`, schema), value,
      `reply ${reply.status}`);
    return problems.length === 0 ? reply : this.violated(operation, problems);
  }

  violated(what: string, problems: readonly string[]): Reply {
    this.violations.push(...problems.map((it) => `${what}: ${it}`));
    return { status: 599, body: {
      message: `${what} breaks GitHub's description: ${problems.join('; ')}`, problems } };
  }
}

export function loadContract(): Contract {
  return new Checker();
}

import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';

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

export interface Operation {
  readonly parameters: readonly Parameter[];
  readonly body?: { readonly required: boolean; readonly schema?: unknown };
  /** By status; null: no JSON. */
  readonly replies: Readonly<Record<string, unknown>>;
}

const common = 'https://description.invalid/';

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


const options = { strict: false, allErrors: true, validateFormats: false, validateSchema: false };

/** The description with what was compiled of it. */
export class Compiled {
  readonly operations: Description['operations'];
  readonly #ajv = new Ajv(options);
  readonly #coercing = new Ajv({ ...options, coerceTypes: true });
  readonly #checks = new Map<string, ValidateFunction>();

  constructor() {
    const description = load();
    this.operations = description.operations;
    const schemas = closed(description.schemas);
    for (const it of [this.#ajv, this.#coercing]) it.addSchema({ $id: common, schemas });
  }

  check(key: string, schema: unknown, coerce = false): ValidateFunction {
    const known = this.#checks.get(key);
    if (known !== undefined) return known;
    const made = (coerce ? this.#coercing : this.#ajv).compile(closed(schema) as object);
    this.#checks.set(key, made);
    return made;
  }

  parameters(operation: string, of: Operation, where: 'path' | 'query'): ValidateFunction {
    const all = of.parameters.filter((it) => it.in === where);
    return this.check(`${operation} ${where}`, { type: 'object',
      properties: Object.fromEntries(all.map((it) => [it.name, it.schema])),
      required: all.filter((it) => it.required).map((it) => it.name) }, true);
  }
}

let compiled: Compiled | undefined;

/** Read and compiled once: a process opens many stand-ins, and the description never changes. */
export function description(): Compiled {
  compiled ??= new Compiled();
  return compiled;
}

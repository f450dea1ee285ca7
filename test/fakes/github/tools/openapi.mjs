// Takes the operations that the stand-in answers out of GitHub's published description:
//   node tools/openapi.mjs PATH/generated/api.github.com.json
// The description is `generated/api.github.com.json` of the npm package @octokit/openapi, too big
// to be installed here. What is taken stands beside, in openapi.json, one line for each operation
// and schema, so that a change of the description reads as a small difference.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const source = process.argv[2];
if (source === undefined) throw new Error('usage: node openapi.mjs api.github.com.json');
const description = JSON.parse(readFileSync(source, 'utf8'));
const here = import.meta.dirname;
const wanted = readFileSync(join(here, '../operations.txt'), 'utf8').trim().split('\n');

/** Words for people, and examples, say nothing about what is allowed. */
const forPeople = new Set(['description', 'example', 'examples', 'title', 'externalDocs',
  'deprecated', 'readOnly']);

function resolve(node) {
  if (typeof node?.$ref !== 'string') return node;
  return node.$ref.slice(2).split('/').reduce((at, key) => at[key], description);
}

const schemas = {};

/** Schemas as JSON Schema has them: `nullable` becomes a type, references stay short. */
function schemaOf(node) {
  if (Array.isArray(node)) return node.map(schemaOf);
  if (typeof node !== 'object' || node === null) return node;
  if (typeof node.$ref === 'string') {
    const name = node.$ref.split('/').at(-1);
    if (schemas[name] === undefined) {
      schemas[name] = {};
      schemas[name] = schemaOf(resolve(node));
    }
    return { $ref: `#/schemas/${name}` };
  }
  const { nullable, ...rest } = node;
  const plain = Object.fromEntries(Object.entries(rest)
    .filter(([key]) => !forPeople.has(key) && !key.startsWith('x-'))
    .map(([key, value]) => [key, key === 'properties'
      ? Object.fromEntries(Object.entries(value).map(([name, it]) => [name, schemaOf(it)]))
      : key === 'enum' || key === 'default' || key === 'required' ? value : schemaOf(value)]));
  if (nullable !== true) return plain;
  if (typeof plain.type === 'string') {
    const values = plain.enum === undefined ? {} : { enum: [...new Set([...plain.enum, null])] };
    return { ...plain, ...values, type: [plain.type, 'null'] };
  }
  return { anyOf: [plain, { type: 'null' }] };
}

function parametersOf(path, operation) {
  return [...(path.parameters ?? []), ...(operation.parameters ?? [])].map(resolve)
    .filter((it) => it.in === 'path' || it.in === 'query')
    .map((it) => ({ name: it.name, in: it.in, required: it.required === true,
      schema: schemaOf(it.schema) }));
}

function jsonOf(content) {
  const found = Object.entries(content ?? {}).find(([type]) => type.includes('json'));
  return found === undefined ? undefined : schemaOf(found[1].schema);
}

function operationOf(line) {
  const [method, path] = line.split(' ');
  const item = description.paths[path];
  const operation = item?.[method.toLowerCase()];
  if (operation === undefined) throw new Error(`the description has no ${line}`);
  const body = resolve(operation.requestBody);
  return {
    parameters: parametersOf(item, operation),
    ...(body === undefined ? {} : { body: { required: body.required === true,
      schema: jsonOf(body.content) } }),
    replies: Object.fromEntries(Object.entries(operation.responses).map(([status, reply]) =>
      [status, jsonOf(resolve(reply).content) ?? null])),
  };
}

const operations = Object.fromEntries(wanted.map((line) => [line, operationOf(line)]));
const lines = (all) => Object.entries(all)
  .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`).join(',\n');
const version = JSON.stringify(description.info.version);
writeFileSync(join(here, '../openapi.json'), `{"version": ${version},
"operations": {\n${lines(operations)}\n},\n"schemas": {\n${lines(schemas)}\n}}\n`);

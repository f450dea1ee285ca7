import type { ValidateFunction } from 'ajv';
import { description } from './description.ts';
import type { Asked, Reply } from './http.ts';

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

/** Any operation may answer these, described or not. */
const always = new Set([400, 401, 403, 404, 422, 429]);

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
  readonly #described = description();

  get operations(): readonly string[] {
    return Object.keys(this.#described.operations);
  }

  request(operation: string, { asked, parameters }: Parameters<Contract['request']>[1]):
  Reply | undefined {
    const described = this.#described;
    const of = described.operations[named(operation)];
    if (of === undefined) return this.violated(operation, ['is not in the description']);
    const query = Object.fromEntries(asked.url.searchParams);
    const problems = [
      ...problemsOf(described.parameters(operation, of, 'path'), { ...parameters }, 'path'),
      ...problemsOf(described.parameters(operation, of, 'query'), query, 'query'),
    ];
    const schema = of.body?.schema;
    const json = parse(asked.body);
    if (schema !== undefined && asked.whole && (json !== undefined || of.body?.required === true)) {
      const check = described.check(`${operation} body`, schema);
      problems.push(...problemsOf(check, json ?? {}, 'body'));
    }
    if (of.body === undefined && asked.body.length > 0) problems.push('takes no body');
    return problems.length === 0 ? undefined : this.violated(operation, problems);
  }

  reply(operation: string, reply: Reply): Reply {
    const of = this.#described.operations[named(operation)];
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
    const check = this.#described.check(`${operation} ${reply.status}`, schema);
    const problems = problemsOf(check, value, `reply ${reply.status}`);
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

import type { TemplateToken } from '@actions/workflow-parser/templates/tokens/template-token';
import {
  isBasicExpression, isBoolean, isMapping, isNumber, isSequence, isString,
} from '@actions/workflow-parser';
import { TokenType } from '@actions/workflow-parser/templates/tokens/types';
import { NotSupported } from './errors.ts';

/** `${{ … }}`, without its marks; text around it has become `format(…)` in the parser. */
export class Expression {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Mapping = ReadonlyMap<string, Tree>;
/** A workflow's or an action's YAML with its expressions, as GitHub's parser reads it. */
export type Tree = null | boolean | number | string | Expression | readonly Tree[] | Mapping;

export function treeOf(token: TemplateToken): Tree {
  if (isBasicExpression(token)) return new Expression(token.expression);
  if (isString(token) || isNumber(token) || isBoolean(token)) return token.value;
  if (isSequence(token)) return [...iterate(token)].map(treeOf);
  if (isMapping(token)) {
    return new Map([...iterate(token)].map((pair) => [keyOf(pair.key), treeOf(pair.value)]));
  }
  if (token.templateTokenType === Number(TokenType.Null)) return null;
  throw new NotSupported(`'\${{ insert }}' in line ${token.line ?? '?'}`);
}

/** The parser's iterators have no `Symbol.iterator` of their own. */
function* iterate<T>(items: { [Symbol.iterator](): Iterator<T> }): Generator<T> {
  const iterator = items[Symbol.iterator]();
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) yield next.value;
}

function keyOf(token: TemplateToken): string {
  if (isString(token) || isNumber(token) || isBoolean(token)) return String(token.value);
  throw new NotSupported(`an expression as a key in line ${token.line ?? '?'}`);
}

export function isMap(tree: Tree | undefined): tree is Mapping {
  return tree instanceof Map;
}

export function isList(tree: Tree | undefined): tree is readonly Tree[] {
  return Array.isArray(tree);
}

/** Reads a mapping key by key; what nobody asked for is refused at `done`. */
export class Fields {
  readonly #where: string;
  readonly #left: Map<string, Tree>;

  constructor(tree: Tree | undefined, where: string) {
    if (tree !== undefined && tree !== null && !isMap(tree)) {
      throw new NotSupported(`${where} that is no mapping`);
    }
    this.#where = where;
    this.#left = new Map(tree ?? []);
  }

  take(key: string): Tree | undefined {
    const found = this.#left.get(key);
    this.#left.delete(key);
    return found;
  }

  /** Words without expressions. */
  text(key: string): string | undefined {
    const found = this.take(key);
    if (found === undefined || found === null) return undefined;
    if (typeof found === 'object') throw new NotSupported(`${this.#where}: '${key}' not a word`);
    return String(found);
  }

  /** Keys that only people read. */
  skip(...keys: string[]): this {
    for (const key of keys) this.#left.delete(key);
    return this;
  }

  done(): void {
    const [first] = this.#left.keys();
    if (first !== undefined) throw new NotSupported(`${this.#where}: key '${first}'`);
  }
}

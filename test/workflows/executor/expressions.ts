import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import type { FunctionDefinition } from '@actions/expressions/funcs/info';
import { equals, truthy } from '@actions/expressions/result';
import { TokenType, type Token } from '@actions/expressions/lexer';
import { NotSupported } from './errors.ts';
import { Expression, isList, isMap, type Tree } from './tree.ts';

export type Value = null | boolean | number | string | readonly Value[] | Values;
export interface Values { readonly [key: string]: Value }

export function isValues(value: Value): value is Values {
  return value !== null && typeof value === 'object' && !(value instanceof Array);
}

/** Contexts that a text may use, out of more. */
export function only(values: Values, ...names: readonly string[]): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
}

export function without(values: Values, ...names: readonly string[]): Values {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
}

/** What an expression may see. A context that is not there is an error, as on GitHub. */
export interface Scope {
  readonly contexts: Values;
  /** `success`, `failure`, `always`, `cancelled`: only where GitHub has them. */
  readonly status?: StatusFunctions;
}

export interface StatusFunctions {
  /** @param jobs ids; only the `if` of a job may name them. */
  success(jobs: readonly string[]): boolean;
  failure(jobs: readonly string[]): boolean;
  cancelled(): boolean;
}

const statusNames = ['success', 'failure', 'cancelled', 'always'];

export function evaluate(expression: string, scope: Scope): Value {
  return plain(run(expression, scope));
}

/** A tree with its expressions filled in. */
export function resolve(tree: Tree | undefined, scope: Scope): Value {
  if (tree === undefined) return null;
  if (tree instanceof Expression) return evaluate(tree.text, scope);
  if (isList(tree)) return tree.map((item) => resolve(item, scope));
  if (isMap(tree)) {
    return Object.fromEntries([...tree].map(([key, item]) => [key, resolve(item, scope)]));
  }
  return tree;
}

/** As GitHub makes words of a value: `true`, `1.5`, nothing for null, `Object` for a mapping. */
export function words(tree: Tree | undefined, scope: Scope): string {
  if (tree === undefined) return '';
  if (tree instanceof Expression) return run(tree.text, scope).coerceString();
  if (isList(tree) || isMap(tree)) throw new NotSupported('a list or mapping as words');
  return data.reviver('', tree).coerceString();
}

export function wordsOf(value: Value | undefined): string {
  return revive(value ?? null).coerceString();
}

export function equal(left: Value, right: Value): boolean {
  return equals(revive(left), revive(right));
}

/** An `if`: none is `success()`; one without a status function is asked after `success()`. */
export function holds(condition: Tree | undefined, scope: Scope): boolean {
  const text = conditionText(condition);
  if (text === '') return truthy(run('success()', scope));
  if (!asksStatus(text) && !truthy(run('success()', scope))) return false;
  return truthy(run(text, scope));
}

function conditionText(condition: Tree | undefined): string {
  if (condition instanceof Expression) return condition.text;
  if (condition === undefined || condition === null) return '';
  if (typeof condition === 'object') throw new NotSupported('an if that is no expression');
  return String(condition).trim();
}

function asksStatus(text: string): boolean {
  return tokensOf(text).some((token, index, tokens) => token.type === TokenType.IDENTIFIER
    && statusNames.includes(token.lexeme.toLowerCase())
    && tokens[index + 1]?.type === TokenType.LEFT_PAREN);
}

function run(expression: string, scope: Scope): data.ExpressionData {
  const contexts = revive(scope.contexts);
  if (!(contexts instanceof data.Dictionary)) throw new TypeError('contexts are a mapping');
  const functions = new Map(functionsOf(scope).map((each) => [each.name.toLowerCase(), each]));
  return new Evaluator(parse(expression, scope), contexts, functions).evaluate();
}

function parse(expression: string, scope: Scope) {
  return new Parser(tokensOf(expression), Object.keys(scope.contexts), functionsOf(scope)).parse();
}

/** GitHub's own lexer for npm undoubles the first quote of a string only; its runner, all. */
function tokensOf(expression: string): Token[] {
  return new Lexer(expression).lex().tokens.map((token) => token.type === TokenType.STRING
    ? { ...token, value: token.lexeme.slice(1, -1).replaceAll("''", "'") } : token);
}

function functionsOf({ status }: Scope): FunctionDefinition[] {
  const hashFiles = define('hashFiles', 255, () => {
    throw new NotSupported('hashFiles()');
  });
  if (status === undefined) return [hashFiles];
  return [
    hashFiles,
    define('success', 255, (jobs) => status.success(jobs)),
    define('failure', 255, (jobs) => status.failure(jobs)),
    define('cancelled', 0, () => status.cancelled()),
    define('always', 0, () => true),
  ];
}

function define(
  name: string, maxArgs: number, call: (words: string[]) => boolean,
): FunctionDefinition {
  return {
    name, maxArgs, minArgs: 0,
    call: (...args) => new data.BooleanData(call(args.map((each) => each.coerceString()))),
  };
}

function revive(value: Value): data.ExpressionData {
  if (Array.isArray(value)) return new data.Array(...value.map(revive));
  if (value !== null && typeof value === 'object') {
    return new data.Dictionary(...Object.entries(value).map(([key, each]) =>
      ({ key, value: revive(each) })));
  }
  return data.reviver('', value);
}

function plain(value: data.ExpressionData): Value {
  switch (value.kind) {
    case data.Kind.Array: return value.values().map(plain);
    case data.Kind.Dictionary:
      return Object.fromEntries(value.pairs().map((pair) => [pair.key, plain(pair.value)]));
    case data.Kind.String: case data.Kind.Boolean: case data.Kind.Number: return value.value;
    case data.Kind.Null: return null;
    default: throw new NotSupported('a value of an unknown kind');
  }
}

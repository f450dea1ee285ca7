#!/usr/bin/env node
import { basename } from 'node:path';
import { main } from './main.ts';

const [, script = '', ...words] = process.argv;
/** GitHub's runner starts an action without words, and gives its inputs in the environment. */
const isStep = words.length === 0 && process.env['INPUT_COMMAND'] !== undefined;
/** By the name of its file: what an earlier step left in the environment decides nothing. */
const isAfter = basename(script) === 'post.js';

process.exitCode = !isStep ? await main(words, process.env)
  : isAfter ? await (await import('./post.ts')).afterStep(process.env)
    : await (await import('./step.ts')).step(process.env);

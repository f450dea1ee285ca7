#!/usr/bin/env node
import { main } from './main.ts';

const words = process.argv.slice(2);
/** GitHub's runner starts an action without words, and gives its inputs in the environment. */
const isStep = words.length === 0 && process.env['INPUT_COMMAND'] !== undefined;

process.exitCode = isStep ? await (await import('./step.ts')).step(process.env)
  : await main(words, process.env);

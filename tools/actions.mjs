// Writes every action.yml from the one table of options, so that inputs, `--help` and the pages
// in docs cannot disagree. Called by tools/build.mjs with the compiled table.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { composites, engine } from './action-texts.mjs';

/** What a composite calls: the same repository at the same commit (runner 2.336.0, github.com). */
const self = '$/dist';

export function writeActions(root, { options, jobCommands, commands }) {
  const inputs = engineInputs(options, jobCommands);
  write(root, 'action.yml', engineFile(inputs, jobCommands, 'dist/main/index.js'));
  write(root, 'dist/action.yml', engineFile(inputs, jobCommands, 'main/index.js'));
  for (const composite of composites) {
    write(root, `${composite.name}/action.yml`, compositeFile(composite, inputs));
  }
  writePages(root, { inputs, jobCommands, commands });
}

function write(root, path, text) {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** The options that some command of a job has; no other front's. */
function engineInputs(options, jobCommands) {
  return options
    .map((it) => ({ ...it, commands: it.commands.filter((name) => jobCommands.includes(name)) }))
    .filter((it) => it.commands.length > 0 && it.front !== 'line' && it.name !== 'yes');
}

function engineFile(inputs, jobCommands, main) {
  return [
    '# Made by npm run build from src/config/options.ts and tools/action-texts.mjs.',
    `name: ${engine.name}`,
    `description: ${quote(engine.description)}`,
    'branding: { icon: anchor, color: blue }',
    'inputs:',
    '  command:',
    `    description: ${quote(`What to do: ${jobCommands.join(', ')}.`)}`,
    '    required: true',
    ...inputs.flatMap((it) => inputLines(it, `${it.text} For: ${it.commands.join(', ')}.`)),
    'outputs:',
    ...Object.entries(engine.outputs).flatMap(([name, text]) =>
      [`  ${name}:`, `    description: ${quote(text)}`]),
    'runs:',
    '  using: node24',
    `  main: ${main}`,
    `  post: ${main.replace('index.js', 'post.js')}`,
    '',
  ].join('\n');
}

/** An empty default leaves the decision to the table in the bundle. */
function inputLines(option, text) {
  const standard = option.expression ?? '';
  return [`  ${option.name}:`, `    description: ${quote(text)}`, '    required: false',
    `    default: ${quote(standard)}`];
}

function compositeFile(composite, inputs) {
  const own = inputsOf(composite, inputs);
  return [
    '# Made by npm run build from src/config/options.ts and tools/action-texts.mjs.',
    `name: ${quote(composite.title)}`,
    `description: ${quote(composite.description)}`,
    'branding: { icon: anchor, color: blue }',
    'inputs:',
    ...own.flatMap((it) => inputLines(it, it.text)),
    'outputs:',
    ...Object.entries(composite.outputs).flatMap(([name, { text, value }]) =>
      [`  ${name}:`, `    description: ${quote(text)}`, `    value: ${value}`]),
    'runs:',
    '  using: composite',
    '  steps:',
    ...composite.steps.flatMap((step) => stepLines(step, own)),
    '',
  ].join('\n');
}

export function inputsOf(composite, inputs) {
  const commands = composite.steps.flatMap((it) => it.command ?? []);
  const names = new Set(composite.steps.flatMap((step) => Object.keys(step.with ?? {})));
  const table = inputs.filter((it) => it.name !== 'json' &&
    it.commands.some((name) => commands.includes(name)) && !names.has(it.name));
  return [...table, ...composite.inputs ?? []];
}

function stepLines(step, own) {
  const lines = [`    - name: ${step.name}`,
    ...(step.id === undefined ? [] : [`      id: ${step.id}`]),
    ...(step.if === undefined ? [] : [`      if: ${step.if}`])];
  if (step.command === undefined) {
    return [...lines, `      uses: ${step.uses}`, '      with:',
      ...Object.entries(step.with).map(([name, value]) => `        ${name}: ${value}`)];
  }
  const passed = own.filter((it) => it.commands?.includes(step.command));
  return [...lines, `      uses: ${self}`, '      with:', `        command: ${step.command}`,
    ...passed.map(({ name }) => `        ${name}: \${{ inputs.${name} }}`),
    ...Object.entries(step.with ?? {}).map(([name, value]) => `        ${name}: ${value}`)];
}

/** Pages for people: docs/actions/*.md have their tables between two marks. */
function writePages(root, { inputs, jobCommands, commands }) {
  const rows = (list) => list.map((it) =>
    `| \`${it.name}\` | ${it.text} | ${standardOf(it)} |`);
  const table = (list) => ['| input | | default |', '|---|---|---|', ...rows(list)];
  const outputs = (all) => ['', '| output | |', '|---|---|',
    ...Object.entries(all).map(([name, it]) => `| \`${name}\` | ${it.text ?? it} |`)];
  for (const composite of composites) {
    write(root, `docs/actions/${composite.name}.inputs.md`, [
      `# Inputs and outputs of ${composite.name}`, '',
      '<!-- Made by npm run build. -->', '', `[What it does](${composite.name}.md).`, '',
      ...table(inputsOf(composite, inputs)), ...outputs(composite.outputs), ''].join('\n'));
  }
  write(root, 'docs/actions/engine.inputs.md', [
    '# Inputs and outputs of the root action', '', '<!-- Made by npm run build. -->', '',
    '| `command` | |', '|---|---|',
    ...jobCommands.map((name) => `| \`${name}\` | ${commands[name]} |`), '',
    ...table(inputs), ...outputs(engine.outputs), ''].join('\n'));
}

function standardOf(option) {
  if (option.expression !== undefined) return `\`${option.expression}\``;
  return option.default === undefined || option.default === '' ? '' : `\`${option.default}\``;
}

/** A YAML scalar in single quotes. */
function quote(text) {
  return `'${text.replaceAll("'", "''")}'`;
}

import { CommandReader, type Command } from './commands.ts';
import { NotSupported } from './errors.ts';
import type { FileEffects } from './command-files.ts';
import type { StepContext } from './step.ts';

const deprecated = 'command is deprecated and will be disabled soon. Please upgrade to using '
  + 'Environment Files.';
const disabled = 'command is disabled. Please upgrade to using Environment Files or opt into '
  + 'unsecure command execution by setting the `ACTIONS_ALLOW_UNSECURE_COMMANDS` environment '
  + 'variable to `true`.';

/** Takes the lines of a step's stdout and stderr: the log, and the commands in it. */
export function lineTaker(step: StepContext): (line: string) => void {
  const reader = new CommandReader();
  return (line) => {
    const read = reader.read(line);
    switch (read.kind) {
      case 'text':
        // Marks that the runner keeps to itself.
        step.job.write(line.replace(/##\[(?=start-action|end-action)/g, '##[\\'));
        return;
      case 'switch':
        if (read.hide !== undefined) step.job.masks.add(read.hide);
        step.job.write(line);
        return;
      case 'refused':
        // The runner lets this one through as an error of the step.
        step.issue('error', read.reason);
        step.commandsFailed = true;
        return;
      case 'command':
        obey(step, read.command, line);
        return;
      default: throw new TypeError(read satisfies never);
    }
  };
}

function obey(step: StepContext, command: Command, line: string): void {
  const { job } = step;
  switch (command.name) {
    case 'error': case 'warning': case 'notice':
      return step.issue(command.name, command.data, Object.fromEntries(command.properties));
    case 'debug': case 'echo': return;
    case 'group': return job.write(`##[group]${command.data}`);
    case 'endgroup': return job.write('##[endgroup]');
    case 'add-mask':
      if (command.data.trim() !== '') return job.masks.add(command.data);
      return step.issue('warning',
        "Can't add secret mask for empty string in ##[add-mask] command.");
    case 'set-output': case 'save-state': return store(step, command, line);
    case 'set-env': case 'add-path': return unsafe(step, command, line);
    default: throw new NotSupported(`the workflow command '${command.name}'`);
  }
}

function store(step: StepContext, { name, properties, data }: Command, line: string): void {
  step.issue('warning', `The \`${name}\` ${deprecated}`);
  const key = properties.get('name') ?? '';
  if (key === '') {
    refuse(step, line, `Required field 'name' is missing in ##[${name}] command.`);
  } else if (name === 'set-output') step.output(key, data);
  else step.state.set(key, data);
}

function unsafe(step: StepContext, { name, properties, data }: Command, line: string): void {
  if (step.env.ACTIONS_ALLOW_UNSECURE_COMMANDS?.toLowerCase() !== 'true') {
    refuse(step, line, `The \`${name}\` ${disabled}`);
  } else if (name === 'add-path') addPath(step, data);
  else {
    const key = properties.get('name') ?? '';
    if (key.toUpperCase() === 'NODE_OPTIONS') {
      step.issue('error', "Can't update NODE_OPTIONS environment variable using ::set-env:: "
        + 'command.');
    } else setEnv(step, key, data);
  }
}

function refuse(step: StepContext, line: string, reason: string): void {
  step.issue('error', `Unable to process command '${line}' successfully.`);
  step.issue('error', reason);
  step.commandsFailed = true;
}

function setEnv(step: StepContext, name: string, value: string): void {
  step.job.env.set(name, value);
  step.env[name] = value;
}

function addPath(step: StepContext, directory: string): void {
  const { path } = step.job;
  const before = path.indexOf(directory);
  if (before >= 0) path.splice(before, 1);
  path.push(directory);
}

/** What the files behind `$GITHUB_OUTPUT` and its like do to a step. */
export function fileEffects(step: StepContext): FileEffects {
  const masks = step.job.masks;
  return {
    output: (name, value) => step.output(name, value),
    env: (name, value) => setEnv(step, name, value),
    path: (directory) => addPath(step, directory),
    state: (name, value) => { step.state.set(name, value); },
    summary: (text) => {
      const lines = text.replace(/\n$/, '').split('\n');
      step.job.summaries.push(`${lines.map((line) => masks.apply(line)).join('\n')}\n`);
    },
    error: (message) => step.issue('error', message),
    fail: (message) => {
      step.issue('error', message);
      step.commandsFailed = true;
    },
  };
}

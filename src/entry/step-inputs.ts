import * as core from '@actions/core';
import { optionsFromInputs } from '../config/option-values.ts';
import { options, type RawOptions } from '../config/options.ts';
import { didYouMean } from '../config/suggest.ts';
import { SeatrialError } from '../errors.ts';
import { jobCommands, type JobCommand } from '../jobs/commands.ts';

export interface Inputs {
  readonly command: JobCommand;
  readonly options: RawOptions;
}

/** Everything that is wrong with the inputs at once. */
export function readInputs(): Inputs {
  const word = core.getInput('command');
  const command = jobCommands.find((it) => it === word);
  if (command === undefined) {
    throw new SeatrialError('bad-input', [{
      place: 'command', fix: didYouMean(word, jobCommands),
      message: word === '' ? 'is missing' : `'${word.slice(0, 40)}' is no command of the action`,
    }]);
  }
  const inputs = Object.fromEntries(options.map(({ name }) => [name, core.getInput(name)]));
  // ssh and all other children inherit the environment: what they need not know is taken out.
  for (const { name } of options.filter((it) => it.secret)) {
    delete process.env[`INPUT_${name.toUpperCase()}`];
  }
  return { command, options: optionsFromInputs(command, inputs) };
}

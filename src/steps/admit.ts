import type { Command } from '../command/command.ts';
import { entriesOf } from '../facts/gather.ts';
import { label, shellText, userOf, verb, type Context } from './context.ts';
import { serviceActs } from './services.ts';
import type { Step } from './step.ts';

/**
 * After the commit. Every act may be repeated, since recovery goes forward from here: after a
 * power cut the services are down, and the acts before the one that was cut have been done.
 */
export function admit(context: Context): Step[] {
  const { maintenance, services } = context.config;
  const acts = serviceActs(context);
  const off = maintenance.kind === 'commands' ? [verb('run_again', userOf(maintenance.off),
    maintenance.off.timeoutSeconds, 'the command that turns maintenance off',
    shellText(context, maintenance.off.run, 'new'))] : [];
  return [
    {
      id: 'record',
      title: `Record that ${context.target.version} is installed`,
      back: '',
      phase: 'admit',
      do: [...noteCode(context), verb('record', installedJson(context))],
      undo: [],
    },
    {
      id: 'admit',
      title: 'Let users in',
      back: '',
      phase: 'admit',
      do: [
        ...acts.filter((it) => !it.waitsForAdmission).map((it) => it.publish),
        ...entriesOf(services).map((path) => verb('unhide', path)),
        verb('open_gate'),
        ...acts.filter((it) => it.waitsForAdmission).map((it) => it.publish),
        ...off,
      ],
      undo: [],
    },
  ];
}

/** The replaced code is what a rollback goes back to; retention goes by the same list. */
function noteCode(context: Context): Command[] {
  const { install } = context.config;
  return install.kind === 'releases' ? []
    : install.replaces.map((it, index) => verb('note_code', it.path, label('code', index)));
}

/** One line, since the runtime reads `release` from it; `@TIME@` becomes the host's time. */
export function installedJson(context: Context): string {
  const { config, target, run, way } = context;
  return JSON.stringify({
    schema: 1,
    application: config.application,
    version: target.version,
    digest: target.digest,
    release: context.release,
    run,
    way,
    rehearsal: context.rehearsal,
    approval: context.approval,
    installedAt: '@TIME@',
  });
}

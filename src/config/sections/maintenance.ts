import type { MaintenanceConfig, UserCommand } from '../config.ts';
import { object, required, variants } from '../shape/object.ts';
import { text } from '../shape/scalars.ts';
import { mapped, refuse, type Shape } from '../shape/shape.ts';
import { reason, userCommand } from './values.ts';

export const maintenanceFix = 'Choose one of three. '
  + '{ on: command, off: command }: the front shows a maintenance page. '
  + '{ private: PORT=18080, public: PORT=8080 }: the application is checked on an address that '
  + 'users do not reach. '
  + '{ none: reason }: users are not kept out, and a restore can overwrite what they wrote.';

/** The value becomes part of an environment and of URLs: nothing that a shell could read. */
const setting = text({
  expects: 'a variable and its value such as PORT=18080',
  pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}=[A-Za-z0-9._:/@%+,-]{1,200}$',
  fix: 'Write NAME=value; letters, digits and ._:/@%+,- are allowed in the value.',
});

const command = userCommand({ role: 'shell' });

const commands: Shape<MaintenanceConfig> = mapped(
  object<{ on: UserCommand; off: UserCommand }>({
    on: required(command, 'Keeps users out; returns when they are out; safe to repeat.'),
    off: required(command, 'Lets users in; safe to repeat.'),
  }, { expects: 'the keys on, off' }),
  (it) => ({ kind: 'commands', ...it }));

const privately: Shape<MaintenanceConfig> = mapped(
  object<{ private: string; public: string }>({
    private: required(setting, 'Environment of the service while it is checked: NAME=value.'),
    public: required(setting, 'The same variable with the value that users reach.'),
  }, { expects: 'the keys private, public' }),
  (it, at) => {
    const [hidden, open] = [split(it.private), split(it.public)];
    if (hidden.name !== open.name) {
      return refuse(at, `sets ${hidden.name} privately and ${open.name} publicly`,
        'Both must set the same variable.');
    }
    if (hidden.value === open.value) {
      return refuse(at, 'has the same value for private and public',
        'Take a private value that users do not reach.');
    }
    at.report.mark({ role: 'private', value: hidden.name, ...at });
    return {
      kind: 'private', variable: hidden.name,
      privateValue: hidden.value, publicValue: open.value,
    };
  });

function split(text: string): { name: string; value: string } {
  const at = text.indexOf('=');
  return { name: text.slice(0, at), value: text.slice(at + 1) };
}

const none: Shape<MaintenanceConfig> = mapped(
  object<{ none: string }>({
    none: required(reason, 'Why users cannot be kept out.'),
  }, { expects: 'the key none' }),
  (it) => ({ kind: 'none', reason: it.none }));

export const maintenance: Shape<MaintenanceConfig> = variants<MaintenanceConfig>([
  { keys: ['on', 'off'], shape: commands },
  { keys: ['private', 'public'], shape: privately },
  { keys: ['none'], shape: none },
], { expects: '{ on, off }, { private, public } or { none }', fix: maintenanceFix });

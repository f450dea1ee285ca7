import type { IsolationConfig, Replacement, StagingConfig, UserCommand } from '../config.ts';
import { forms, list } from '../shape/collections.ts';
import { defaulted, object, optional, required, variants } from '../shape/object.ts';
import { choice, replying, text } from '../shape/scalars.ts';
import { mapped, marked, refuse, type Shape } from '../shape/shape.ts';
import { endpoint } from './address.ts';
import { absoluteGlob, reason, relativePath, userCommand, userName } from './values.ts';

const openNetwork: IsolationConfig = { kind: 'network', users: [], allow: [], unreachable: [] };

export const stagingDefaults: StagingConfig = {
  overlay: undefined, isolation: openNetwork, sameHost: undefined, instead: [], writes: [],
};

interface NetworkKeys {
  readonly users: readonly string[];
  readonly allow: readonly string[];
  readonly unreachable: readonly string[];
}

const endpoints = list(endpoint, { expects: 'a list of host:port', unique: true });

const network: Shape<IsolationConfig> = mapped(object<NetworkKeys>({
  users: defaulted<readonly string[]>(list(userName, { expects: 'a list of users', unique: true }),
    'Users of the system that the application runs as; default: all that this file names.', []),
  allow: defaulted<readonly string[]>(endpoints,
    'What the application on staging may reach; the machine itself it may, but for mail.', []),
  unreachable: defaulted<readonly string[]>(endpoints,
    'What is proven to be out of reach, besides what is found by itself.', []),
}, { expects: 'the keys users, allow, unreachable' }), (it) => ({ kind: 'network', ...it }));

const command = userCommand({ role: 'shell' });

const commands: Shape<IsolationConfig> = mapped(
  object<{ on: UserCommand; prove: UserCommand }>({
    on: required(command, 'Cuts the application on staging off; safe to repeat.'),
    prove: required(command, 'Exit 0: the application\'s user cannot reach out.'),
  }, { expects: 'the keys on, prove' }), (it) => ({ kind: 'commands', ...it }));

const none: Shape<IsolationConfig> = mapped(object<{ none: string }>({
  none: required(reason, 'Why the copy may reach out.'),
}, { expects: 'the key none' }), (it) => ({ kind: 'none', reason: it.none }));

const isolationExpects =
  'network, { users, allow, unreachable }, { on, prove } or { none: reason }';

export const isolation: Shape<IsolationConfig> = forms<IsolationConfig>({
  expects: isolationExpects,
  scalar: mapped(replying(choice(['network']), {
    none: { message: 'needs a reason', fix: 'Write isolation: { none: reason }.' },
  }), () => openNetwork),
  map: variants<IsolationConfig>([
    { keys: ['users', 'allow', 'unreachable'], shape: network },
    { keys: ['on', 'prove'], shape: commands },
    { keys: ['none'], shape: none },
  ], { expects: isolationExpects }),
});

const replaceable = text({ expects: 'a text such as /srv/guestbook', charactersMax: 1000 });

const replacement: Shape<Replacement> = mapped(object<Replacement>({
  of: required(marked('instead', replaceable), 'Text as it stands in this file.'),
  use: required(replaceable, 'Text that takes its place on staging.'),
}, { expects: 'the keys of, use' }), (it, at) =>
  (it.of === it.use ? refuse(at, 'puts a text in its own place', 'Remove it.') : it));

interface StagingKeys {
  readonly overlay: string | undefined;
  readonly isolation: IsolationConfig;
  readonly 'same-host': string | undefined;
  readonly instead: readonly Replacement[];
  readonly writes: readonly string[];
}

export const staging: Shape<StagingConfig> = mapped(object<StagingKeys>({
  overlay: optional(relativePath,
    'Directory beside this file that holds an absolute tree, laid over the copy.'),
  isolation: {
    shape: isolation, text: 'What keeps the copy from reaching out.',
    absent: { kind: 'default', value: openNetwork, shown: 'network' },
  },
  'same-host': optional(marked('same-host', reason),
    'Why staging and production may be one machine; without it they may not.'),
  instead: defaulted<readonly Replacement[]>(
    list(replacement, { expects: 'a list of { of, use }' }),
    'Texts of this file that are others on staging.', []),
  writes: defaulted<readonly string[]>(list(absoluteGlob, { expects: 'a list of globs' }),
    'Absolute globs that a release may write outside of what this file names.', []),
}, { expects: 'the keys overlay, isolation, same-host, instead, writes' }),
({ 'same-host': sameHost, ...it }) => ({ ...it, sameHost }));

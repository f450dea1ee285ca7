import type { Guess, RepositoryFound } from './repository.ts';
import { tagsOf } from './repository.ts';

/** How a release might be made. */
export interface PackageGuess {
  readonly run: Guess<string> | undefined;
  readonly include: Guess<readonly string[]> | undefined;
  readonly versions: Guess<{ readonly file: string; readonly pattern: string }> | undefined;
  /** Command that changes the state for a release, relative to it. */
  readonly migrate: Guess<string> | undefined;
}

type Maker = (found: RepositoryFound) => Partial<PackageGuess> | undefined;

/** Of several languages the first one builds; a package.json beside others is often a front end. */
export function packageGuess(found: RepositoryFound): PackageGuess {
  const made = makers.map((maker) => maker(found)).filter((it) => it !== undefined);
  const run = made.find((it) => it.run !== undefined);
  return {
    run: run?.run, include: run?.include,
    versions: versionsOf(found),
    migrate: made.find((it) => it.migrate !== undefined)?.migrate,
  };
}

const makers: readonly Maker[] = [ofMakefile, ofComposer, ofRuby, ofPython, ofNode, ofGo];

function ofMakefile({ text }: RepositoryFound): Partial<PackageGuess> | undefined {
  const makefile = text('Makefile') ?? '';
  const target = ['dist', 'build', 'release'].find((name) =>
    new RegExp(`^${name}\\s*:(?!=)`, 'm').test(makefile));
  return target === undefined ? undefined
    : { run: { value: `make ${target}`, why: `Makefile has the target ${target}` } };
}

function ofComposer({ text, files }: RepositoryFound): Partial<PackageGuess> | undefined {
  if (text('composer.json') === undefined) return undefined;
  return {
    run: { value: 'composer install --no-dev --no-interaction --optimize-autoloader',
      why: 'there is a composer.json' },
    ...(files.includes('artisan') ? { migrate: {
      value: 'cd {release} && php artisan migrate --force', why: 'there is an artisan' } } : {}),
  };
}

function ofRuby({ text, files }: RepositoryFound): Partial<PackageGuess> | undefined {
  if (text('Gemfile') === undefined) return undefined;
  return {
    run: { value: 'bundle config set --local deployment true && bundle install',
      why: 'there is a Gemfile' },
    ...(files.some((it) => it.startsWith('db/migrate/')) ? { migrate: {
      value: 'cd {release} && bundle exec rake db:migrate', why: 'there is a db/migrate' } } : {}),
  };
}

function ofPython({ text, files }: RepositoryFound): Partial<PackageGuess> | undefined {
  const requirements = text('requirements.txt') !== undefined;
  const isProject = text('pyproject.toml') !== undefined || text('setup.py') !== undefined;
  const migrate = files.includes('manage.py')
    ? { value: 'cd {release} && python3 manage.py migrate --noinput', why: 'there is a manage.py' }
    : files.includes('alembic.ini')
      ? { value: 'cd {release} && python3 -m alembic upgrade head', why: 'there is an alembic.ini' }
      : undefined;
  if (!requirements && !isProject) return undefined;
  return {
    run: requirements
      ? { value: 'python3 -m pip install --target vendor --requirement requirements.txt',
        why: 'there is a requirements.txt; a virtual environment cannot be moved' }
      : { value: 'python3 -m pip install --target vendor .',
        why: 'it is a Python project; a virtual environment cannot be moved' },
    ...(migrate === undefined ? {} : { migrate }),
  };
}

function ofNode({ text, files }: RepositoryFound): Partial<PackageGuess> | undefined {
  const about = text('package.json');
  if (about === undefined) return undefined;
  const scripts = recordOf(recordOf(parse(about))['scripts']);
  const tool = files.includes('pnpm-lock.yaml') ? 'pnpm' : files.includes('yarn.lock') ? 'yarn'
    : 'npm';
  const install = { pnpm: 'pnpm install --frozen-lockfile', yarn: 'yarn install --immutable',
    npm: files.includes('package-lock.json') ? 'npm ci' : 'npm install' }[tool];
  const builds = typeof scripts['build'] === 'string';
  const script = ['migrate', 'db:migrate'].find((name) => typeof scripts[name] === 'string');
  return {
    run: { value: builds ? `${install} && ${tool} run build` : install,
      why: `there is a package.json${builds ? ' with a build' : ''}` },
    ...(script === undefined ? {} : { migrate: { value: `cd {release} && ${tool} run ${script}`,
      why: `package.json has the script ${script}` } }),
  };
}

function ofGo({ text }: RepositoryFound): Partial<PackageGuess> | undefined {
  return text('go.mod') === undefined ? undefined : {
    run: { value: 'go build -trimpath -o bin/ ./...', why: 'there is a go.mod' },
    include: { value: ['bin/**'], why: 'where the build puts its programs' },
  };
}

const versionFiles = [
  { file: 'package.json', pattern: '"version": "([^"]+)"' },
  { file: 'pyproject.toml', pattern: 'version = "([^"]+)"' },
  { file: 'composer.json', pattern: '"version": "([^"]+)"' },
] as const;

/** Only where the newest tag agrees: a file that nobody keeps would refuse every release. */
function versionsOf(found: RepositoryFound): PackageGuess['versions'] {
  const { newest, version } = tagsOf(found.tags);
  if (newest === undefined) return undefined;
  const told = versionFiles.find(({ file, pattern }) => {
    const all = [...(found.text(file) ?? '').matchAll(new RegExp(pattern, 'g'))];
    return all.length === 1 && all[0]?.[1] === version;
  });
  return told === undefined ? undefined
    : { value: told, why: `it says what the tag ${newest} says` };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

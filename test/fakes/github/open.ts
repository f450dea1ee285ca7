import { openBlobs, type Blobs } from './blobs.ts';
import type { Requests } from './call.ts';
import { loadContract } from './contract.ts';
import { putEnvironment, type EnvironmentWanted } from './environments.ts';
import { makeFaults, withFault, type Faults } from './faults.ts';
import { listen, type Reply } from './http.ts';
import { openOidc, type Oidc } from './oidc.ts';
import { answerRest, type Logged, type Rest } from './rest.ts';
import { openResults, type ArtifactStore, type Results } from './results.ts';
import { makeState, type Environment, type RepositoryWanted, type State } from './state.ts';
import { makeTokens, type Permissions, type Tokens } from './tokens.ts';

export interface FakeWanted extends RepositoryWanted {
  /** Where artifacts are stored instead of the stand-in's own blobs. */
  readonly store?: ArtifactStore;
}

/** GitHub for one repository, over real HTTP on the loopback. */
export interface FakeGitHub {
  /** `GITHUB_API_URL` and Octokit's `baseUrl`, without a slash at the end. */
  readonly url: string;
  readonly state: State;
  readonly blobs: Blobs;
  readonly results: Results;
  readonly oidc: Oidc;
  readonly tokens: Tokens;
  readonly faults: Faults;
  /** Every request to the API, in the order in which they were answered. */
  readonly log: readonly Logged[];
  /** Requests and replies that break GitHub's description; a test ends with none. */
  readonly violations: readonly string[];
  /** A job's GITHUB_TOKEN; `login` is github-actions[bot]. */
  job(permissions: Permissions): string;
  /** A person's token. */
  person(login: string, permissions: Permissions): string;
  environment(wanted: EnvironmentWanted): Environment;
  /** Who answers reviews and cancellations: the runner of workflows. */
  readonly connect: (requests: Requests) => void;
  close(): Promise<void>;
}

const nobodyRuns: Requests = {
  review: () => { throw new Error('no runner of workflows is connected'); },
  cancel: () => { throw new Error('no runner of workflows is connected'); },
};

function makeRest(wanted: FakeWanted, blobs: Blobs, url: () => string): Rest & {
  readonly connect: (requests: Requests) => void;
} {
  let connected = nobodyRuns;
  return {
    state: makeState(wanted), tokens: makeTokens(), blobs,
    store: wanted.store ?? blobs, contract: loadContract(), url,
    requests: {
      review: (it) => connected.review(it),
      cancel: (it) => connected.cancel(it),
    },
    connect: (requests) => { connected = requests; },
  };
}

export async function openFakeGitHub(wanted: FakeWanted = {}): Promise<FakeGitHub> {
  const faults = makeFaults();
  const blobs = await openBlobs(faults);
  let url = '';
  const rest = makeRest(wanted, blobs, () => url);
  const log: Logged[] = [];
  const server = await listen(async (asked) => {
    const fault = faults.take(asked);
    let logged: Logged = { method: asked.method, path: asked.url.pathname, login: '',
      query: asked.url.search, status: 'dropped', needed: '' };
    const answer = await withFault(fault, asked, (it) => {
      const made = answerRest(rest, it);
      logged = made.logged;
      return Promise.resolve<Reply>(made.reply);
    });
    log.push({ ...logged, status: answer === 'drop' ? 'dropped' : answer.status });
    return answer;
  });
  url = server.url;
  const { state, tokens, contract: { violations }, store } = rest;
  const results = await openResults({ state, store, faults, violations });
  const oidc = await openOidc();
  const repository = `${state.owner}/${state.name}`;
  return {
    url, state, blobs, results, oidc, tokens, faults, log, violations, connect: rest.connect,
    job: (permissions) => tokens.mint({ login: 'github-actions[bot]', repository, permissions }),
    person: (login, permissions) => tokens.mint({ kind: 'person', login, repository,
      permissions }),
    environment: (it) => putEnvironment(state, it),
    close: async () => {
      for (const it of [server, results, oidc, blobs]) await it.close();
    },
  };
}

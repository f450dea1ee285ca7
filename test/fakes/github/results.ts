import { createHash } from 'node:crypto';
import { text, type BlobFile } from './call.ts';
import { fileOf } from './artifacts.ts';
import { withFault, type Faults } from './faults.ts';
import { listen, type Asked, type Listening, type Reply } from './http.ts';
import type { Artifact, State } from './state.ts';

/** Where the service lets artifacts be written and read: our own store, or Azurite. */
export interface ArtifactStore {
  open(): { readonly key: string; readonly url: string };
  sign(key: string, file?: BlobFile): string;
  /** Undefined where nothing was written; a store that cannot tell leaves it out. */
  readonly read?: (key: string) => { readonly bytes: Buffer } | undefined;
}

export interface JobOfArtifacts {
  readonly runId: number;
  readonly attempt: number;
  readonly jobId: number;
}

/** The artifact service (Twirp over JSON), as @actions/artifact talks to it. */
export interface Results {
  /** `ACTIONS_RESULTS_URL`, with a slash at the end. */
  readonly url: string;
  /** `ACTIONS_RUNTIME_TOKEN`: a JWT whose signature nobody checks. */
  mint(job: JobOfArtifacts): string;
  close(): Promise<void>;
}

interface Begun {
  readonly blob: string;
  readonly mimeType: string;
  readonly expiresAt: Date;
}

interface Service {
  readonly state: State;
  readonly store: ArtifactStore;
  readonly violations: string[];
  readonly tokens: Map<string, JobOfArtifacts>;
  /** By run backend and name: created, perhaps not finished. */
  readonly begun: Map<string, Begun>;
}

interface Twirp {
  readonly job: JobOfArtifacts;
  readonly asked: Readonly<Record<string, unknown>>;
}

const keepDays = 90;
const common = ['workflow_run_backend_id', 'workflow_job_run_backend_id'];
const known: Readonly<Record<string, readonly string[]>> = {
  CreateArtifact: ['name', 'expires_at', 'version', 'mime_type'],
  FinalizeArtifact: ['name', 'size', 'hash'],
  ListArtifacts: ['name_filter', 'id_filter'],
  GetSignedArtifactURL: ['name'],
  DeleteArtifact: ['name'],
};

/** Ids of the service; a new attempt of a run has new ones. */
export function backendOf(job: JobOfArtifacts): { run: string; job: string } {
  const uuid = (of: string): string => createHash('sha256').update(of).digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
  return { run: uuid(`run ${job.runId} ${job.attempt}`), job: uuid(`job ${job.jobId}`) };
}

function refuse(status: number, code: string, msg: string): Reply {
  return { status, body: { code, msg } };
}

function create(service: Service, { job, asked }: Twirp): Reply {
  const name = String(asked['name']);
  const key = `${backendOf(job).run}/${name}`;
  if (service.begun.has(key)) {
    return refuse(409, 'already_exists',
      'an artifact with this name already exists on the workflow run');
  }
  const { key: blob, url } = service.store.open();
  const asks = asked['expires_at'];
  service.begun.set(key, { blob, mimeType: text(asked['mime_type'], 'application/zip'),
    expiresAt: typeof asks === 'string' ? new Date(asks)
      : new Date(service.state.now().getTime() + keepDays * 86_400_000) });
  return { status: 200, body: { ok: true, signed_upload_url: url } };
}

function finalize(service: Service, { job, asked }: Twirp): Reply {
  const name = String(asked['name']);
  const backend = backendOf(job);
  const begun = service.begun.get(`${backend.run}/${name}`);
  if (begun === undefined) return refuse(404, 'not_found', 'artifact not found');
  const digest = text(asked['hash']);
  const size = Number(asked['size']);
  if (service.store.read !== undefined) {
    const bytes = service.store.read(begun.blob)?.bytes;
    const real = bytes && `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    if (bytes?.length !== size || (digest !== '' && digest !== real)) {
      return refuse(400, 'invalid_argument', 'the blob is not what was announced');
    }
  }
  const artifact: Artifact = { id: service.state.nextArtifactId(), runId: job.runId,
    attempt: job.attempt, name, size, digest, createdAt: service.state.now(),
    expiresAt: begun.expiresAt, expired: false, backend, mimeType: begun.mimeType,
    blob: begun.blob };
  service.state.artifacts.push(artifact);
  return { status: 200, body: { ok: true, artifact_id: String(artifact.id) } };
}

function listed(service: Service, { job, asked }: Twirp): Reply {
  const name = asked['name_filter'];
  const id = asked['id_filter'];
  const found = service.state.artifacts.filter((it) => it.runId === job.runId
    && (name === undefined || it.name === name) && (id === undefined || String(it.id) === id));
  return { status: 200, body: { artifacts: found.map((it) => ({
    workflow_run_backend_id: it.backend.run, workflow_job_run_backend_id: it.backend.job,
    database_id: String(it.id), name: it.name, size: String(it.size),
    created_at: it.createdAt.toISOString(), digest: it.digest })) } };
}

/** The artifact that is named, as long as this attempt made it. */
function own(service: Service, { job, asked }: Twirp): Artifact | Reply {
  const { run } = backendOf(job);
  // Seen on GitHub: what an earlier attempt made is listed, and cannot be had from here.
  if (asked['workflow_run_backend_id'] !== run) {
    return refuse(404, 'not_found', 'workflow run not found');
  }
  return service.state.artifacts.find((it) => it.backend.run === run && it.name === asked['name'])
    ?? refuse(404, 'not_found', 'artifact not found');
}

function signed(service: Service, twirp: Twirp): Reply {
  const found = own(service, twirp);
  if ('status' in found) return found;
  return { status: 200, body: { signed_url: service.store.sign(found.blob, fileOf(found)) } };
}

function remove(service: Service, twirp: Twirp): Reply {
  const found = own(service, twirp);
  if ('status' in found) return found;
  service.state.artifacts.splice(service.state.artifacts.indexOf(found), 1);
  service.begun.delete(`${found.backend.run}/${found.name}`);
  return { status: 200, body: { ok: true, artifact_id: String(found.id) } };
}

const methods: Readonly<Record<string, (service: Service, twirp: Twirp) => Reply>> = {
  CreateArtifact: create, FinalizeArtifact: finalize, ListArtifacts: listed,
  GetSignedArtifactURL: signed, DeleteArtifact: remove,
};

function answer(service: Service, asked: Asked): Reply {
  const path = /^\/twirp\/github\.actions\.results\.api\.v1\.ArtifactService\/(\w+)$/;
  const name = path.exec(asked.url.pathname)?.[1] ?? '';
  const method = methods[name];
  const token = asked.headers.authorization?.replace(/^Bearer /, '') ?? '';
  const job = service.tokens.get(token);
  if (method === undefined || asked.method !== 'POST') {
    service.violations.push(`artifact service: no ${asked.method} ${asked.url.pathname}`);
    return refuse(404, 'bad_route', 'no such method');
  }
  if (job === undefined) return refuse(401, 'unauthenticated', 'the token is not known');
  const body = JSON.parse(asked.body.toString()) as Record<string, unknown>;
  const unknown = Object.keys(body)
    .filter((key) => !common.includes(key) && known[name]?.includes(key) !== true);
  if (unknown.length > 0) {
    service.violations.push(`artifact service: ${name} knows no ${unknown.join(', ')}`);
    return refuse(400, 'malformed', `unknown: ${unknown.join(', ')}`);
  }
  return method(service, { job, asked: body });
}

export interface ResultsWanted {
  readonly state: State;
  readonly store: ArtifactStore;
  readonly faults: Faults;
  readonly violations: string[];
}

export async function openResults({ faults, ...wanted }: ResultsWanted): Promise<Results> {
  const service: Service = { ...wanted, tokens: new Map(), begun: new Map() };
  const server: Listening = await listen((asked) => withFault(faults.take(asked), asked,
    (it) => Promise.resolve(answer(service, it))));
  return {
    url: `${server.url}/`, close: () => server.close(),
    mint: (job) => {
      const { run, job: jobId } = backendOf(job);
      const part = (value: object): string =>
        Buffer.from(JSON.stringify(value)).toString('base64url');
      const token = `${part({ alg: 'none', typ: 'JWT' })}.${part({
        scp: `Actions.Results:${run}:${jobId}` })}.unsigned`;
      service.tokens.set(token, job);
      return token;
    },
  };
}

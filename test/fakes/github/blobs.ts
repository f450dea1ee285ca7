import { createHash, randomBytes } from 'node:crypto';
import type { BlobFile } from './call.ts';
import { listen, type Asked, type Listening, type Reply } from './http.ts';
import { withFault, type Faults } from './faults.ts';

/** Where artifacts and assets are stored: a server of its own, whose addresses carry the right. */
export interface Blobs {
  readonly url: string;
  /** Stores bytes and gives the key. */
  store(bytes: Buffer, type: string): string;
  /** A signed address to read the blob once more, or for `upload` to write it. */
  sign(key: string, file?: BlobFile): string;
  /** A new key that may be written, and its address. */
  open(): { readonly key: string; readonly url: string };
  /** What was written under a key; undefined before the block list came. */
  read(key: string): { readonly bytes: Buffer; readonly type: string } | undefined;
  close(): Promise<void>;
}

interface Blob {
  readonly blocks: Map<string, Buffer>;
  bytes: Buffer | undefined;
  type: string;
}

function refuse(status: number, code: string): Reply {
  return { status, headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
    body: `<?xml version="1.0"?><Error><Code>${code}</Code></Error>` };
}

function put(blob: Blob, asked: Asked): Reply {
  const part = asked.url.searchParams.get('comp');
  const type = String(asked.headers['x-ms-blob-content-type'] ?? 'application/octet-stream');
  if (!asked.whole) return refuse(400, 'IncompleteBody');
  if (part === 'block') {
    blob.blocks.set(asked.url.searchParams.get('blockid') ?? '', asked.body);
  } else if (part === 'blocklist') {
    const ids = [...asked.body.toString().matchAll(/<(?:Latest|Uncommitted)>([^<]*)</g)]
      .map((it) => it[1] ?? '');
    if (ids.some((id) => !blob.blocks.has(id))) return refuse(400, 'InvalidBlockList');
    blob.bytes = Buffer.concat(ids.map((id) => blob.blocks.get(id) ?? Buffer.alloc(0)));
    blob.type = type;
  } else {
    blob.bytes = asked.body;
    blob.type = type;
  }
  return { status: 201, headers: { etag: '"0x1"', 'x-ms-version': '2025-01-05',
    'content-md5': createHash('md5').update(asked.body).digest('base64'),
    'last-modified': new Date(0).toUTCString(), 'x-ms-request-server-encrypted': 'true' } };
}

function get(blob: Blob, asked: Asked): Reply {
  if (blob.bytes === undefined) return refuse(404, 'BlobNotFound');
  const query = asked.url.searchParams;
  return { status: 200, body: blob.bytes, headers: {
    'content-type': query.get('rsct') ?? blob.type, etag: '"0x1"',
    ...(query.has('rscd') ? { 'content-disposition': query.get('rscd') ?? '' } : {}) } };
}

function answer(blobs: Map<string, Blob>, asked: Asked): Reply {
  const key = asked.url.pathname.slice(1);
  const blob = blobs.get(key);
  // As at the real store: a second right beside the signature is an error, not a spare.
  if (asked.headers.authorization !== undefined) return refuse(400, 'InvalidAuthenticationInfo');
  if (blob === undefined) return refuse(404, 'BlobNotFound');
  if (asked.url.searchParams.get('sig') !== signature(key)) {
    return refuse(403, 'AuthenticationFailed');
  }
  if (asked.method === 'PUT') return put(blob, asked);
  return asked.method === 'GET' ? get(blob, asked) : refuse(405, 'UnsupportedHttpVerb');
}

function signature(key: string): string {
  return createHash('sha256').update(`signed ${key}`).digest('base64');
}

export async function openBlobs(faults: Faults): Promise<Blobs> {
  const blobs = new Map<string, Blob>();
  const server: Listening = await listen((asked) => withFault(faults.take(asked), asked,
    (it) => Promise.resolve(answer(blobs, it))));
  const make = (bytes: Buffer | undefined, type: string): string => {
    const key = `blobs/${randomBytes(12).toString('hex')}`;
    blobs.set(key, { blocks: new Map(), bytes, type });
    return key;
  };
  const sign = (key: string, file?: BlobFile): string => {
    const query = new URLSearchParams({ sv: '2025-01-05', sig: signature(key) });
    if (file !== undefined) {
      query.set('rsct', file.type);
      query.set('rscd', `attachment; filename="${file.name}"`);
    }
    return `${server.url}/${key}?${query.toString()}`;
  };
  return {
    url: server.url, sign, store: make, close: () => server.close(),
    open: () => {
      const key = make(undefined, '');
      return { key, url: sign(key) };
    },
    read: (key) => {
      const blob = blobs.get(key);
      return blob?.bytes === undefined ? undefined : { bytes: blob.bytes, type: blob.type };
    },
  };
}

import { stat } from 'node:fs/promises';
import { CutAnswer } from './answer.ts';
import type { GitHub } from './github.ts';
import type { Page } from './release-page.ts';
import type { Asset } from './releases.ts';
import { fetchSending } from './send-file.ts';

/** Bytes a millisecond that a connection has at the least; an upload that is slower is given up. */
const slowestBytesPerMs = 50;
const shortestTimeoutMs = 120_000;

/**
 * Sends one file to a page, once. Where this throws, the file may be there all the same, or half
 * of it: look before sending it again.
 */
export async function uploadAsset(github: GitHub, page: Page, asset: Asset): Promise<void> {
  const { size } = await stat(asset.path);
  const response: { readonly data: unknown } = await github.rest.request({
    method: 'POST', url: page.uploadUrl, name: asset.name,
    headers: { 'content-type': 'application/octet-stream' },
    request: {
      fetch: fetchSending(asset.path, size),
      timeoutMs: Math.max(shortestTimeoutMs, size / slowestBytesPerMs),
    },
  });
  if (typeof response.data === 'object' && response.data !== null) return;
  throw new CutAnswer('half an answer came');
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rehearsalPage } from '../../src/report/rehearsal-page.ts';
import { hostileRehearsal } from '../report/hostile-rehearsal.ts';
import { rehearsals } from '../trial/rehearsals.ts';
import { openChromium, type Chromium, type Look } from './chromium.ts';

/** The approver's page in a real browser: on a phone and on a desk, in the light and the dark. */
const looks: readonly Look[] = [360, 1200].flatMap((width) =>
  (['light', 'dark'] as const).map((scheme) =>
    ({ width, height: width < 600 ? 740 : 800, scheme })));
const pages = { ...rehearsals, hostile: hostileRehearsal };
const contrastMin = 4.5;

/** Runs in the page: everything that reaches over its right edge, unless it can be scrolled to. */
const tooWide = `(() => {
  const inside = (it) => { for (let up = it; up !== null; up = up.parentElement) {
    if (up.tagName === 'PRE') return true; } return false; };
  const wide = [...document.querySelectorAll('*')]
    .filter((it) => it.getBoundingClientRect().right > innerWidth + 0.5 && !inside(it))
    .map((it) => it.outerHTML.slice(0, 80));
  const pre = [...document.querySelectorAll('pre')].filter((it) =>
    it.scrollWidth > it.clientWidth).map((it) => 'a scrolled ' + it.tagName);
  return document.documentElement.scrollWidth > innerWidth ? ['the page', ...wide]
    : [...wide, ...pre];
})()`;

/** Runs in the page: each text whose contrast with what is behind it is too low (WCAG 2, 1.4.3). */
const tooFaint = `(() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = (rgb) => { const [r, g, b] = rgb.slice(0, 3).map((it) => it / 255)
    .map((it) => it <= 0.03928 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (it) => { for (let up = it; up !== null; up = up.parentElement) {
    const color = parse(getComputedStyle(up).backgroundColor);
    if (color.length === 3 || color[3] === 1) return color; } return [255, 255, 255]; };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.data.trim() === '') continue;
    const it = node.parentElement;
    const [a, b] = [light(parse(getComputedStyle(it).color)), light(behind(it))]
      .sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (!(ratio >= ${contrastMin})) found.push(ratio.toFixed(2) + ' ' + node.data.slice(0, 40));
  }
  return found;
})()`;

/** Runs in the page: whether all of it is in the first screen, at a size that can be read. */
const inSight = (selector: string): string => `(() => {
  const it = document.querySelector(${JSON.stringify(selector)});
  if (it === null) return 'absent';
  const { top, bottom, height } = it.getBoundingClientRect();
  const size = parseFloat(getComputedStyle(it).fontSize);
  return top >= 0 && bottom <= innerHeight && height > 0 && size >= 15 ? 'seen'
    : [top, bottom, size].join(' ');
})()`;

interface Heard {
  /** What the page wrote to the console, and what the browser complained of. */
  readonly said: () => unknown[];
  /** Every address that it asked for, but its own. */
  readonly asked: () => string[];
}

describe('the page of a rehearsal', () => {
  let chromium: Chromium;
  let directory: string;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'seatrial-page-'));
    chromium = await openChromium();
  });

  afterAll(async () => {
    await chromium.close();
    rmSync(directory, { recursive: true });
  });

  async function open(html: string, look: Look): Promise<Heard> {
    const file = join(directory, 'page.html');
    writeFileSync(file, html);
    const spoke = ['Log.entryAdded', 'Runtime.consoleAPICalled', 'Runtime.exceptionThrown'];
    const before = spoke.map((it) => chromium.events(it).length);
    const requests = chromium.events('Network.requestWillBeSent').length;
    await chromium.open(file, look);
    return {
      said: () => spoke.flatMap((it, at) => chromium.events(it).slice(before[at])),
      asked: () => chromium.events('Network.requestWillBeSent').slice(requests)
        .map(({ request }) => (request as { url: string }).url)
        .filter((url) => url !== `file://${file}` && !url.startsWith('data:')),
    };
  }

  const cases = Object.entries(pages).flatMap(([name, rehearsal]) => looks.map((look) =>
    [`${name}, ${look.width} pixels, ${look.scheme}`, rehearsal, look] as const));

  it.each(cases)('is readable, and asks nothing of anybody: %s', async (_, rehearsal, look) => {
    const { said, asked } = await open(rehearsalPage(rehearsal), look);
    expect(await chromium.evaluate(tooWide)).toEqual([]);
    expect(await chromium.evaluate(tooFaint)).toEqual([]);
    expect(await chromium.evaluate(inSight('h1'))).toBe('seen');
    expect(said()).toEqual([]);
    expect(asked()).toEqual([]);
  });

  it('says first whether it passed, why not, and how long users will be out', async () => {
    for (const [name, rehearsal] of Object.entries(rehearsals)) {
      await open(rehearsalPage(rehearsal), { width: 360, height: 740, scheme: 'light' });
      const first = await chromium.evaluate<string>('document.querySelector("h1").innerText');
      expect(first).toMatch(name === 'passed' ? /^PASSED: / : /^REFUSED: /);
      const next = name === 'passed' ? 'dl dd' : 'ol.why li';
      expect([name, await chromium.evaluate(inSight(next))]).toEqual([name, 'seen']);
    }
  });

  it('shows hostile names as they are, and runs nothing of them', async () => {
    await open(rehearsalPage(hostileRehearsal), { width: 360, height: 740, scheme: 'light' });
    expect(await chromium.evaluate('typeof window.hit')).toBe('undefined');
    const shown = await chromium.evaluate<string>('document.body.innerText');
    expect(shown).toContain('<script>window.hit=1</script>');
    expect(await chromium.evaluate('document.querySelectorAll("script,img,iframe,form").length'))
      .toBe(0);
  });

  it('is whole on paper', async () => {
    const long = { ...hostileRehearsal, plan: 'systemctl stop guestbook\n'.repeat(300) };
    await open(rehearsalPage(long), { width: 760, height: 1000, scheme: 'light' });
    const hidden = '[...document.querySelectorAll("pre")].filter((it) => '
      + 'it.scrollHeight > it.clientHeight + 1).length';
    expect(await chromium.evaluate(hidden)).toBe(1);
    await chromium.send('Emulation.setEmulatedMedia', { media: 'print' });
    expect(await chromium.evaluate(hidden)).toBe(0);
    await chromium.send('Emulation.setEmulatedMedia', { media: '' });
  });

  it('would be found out, were it wide, faint, noisy or asking', async () => {
    const bad = rehearsalPage(pages.hostile).replace(/<meta http-equiv[^>]*>/, '')
      .replace('</main>', '<div style="width:2000px;color:#ccc;background:#fff">faint</div>'
        + '<img src="http://127.0.0.1:9/x.png"><script>console.error("noise")</script></main>');
    const { said, asked } = await open(bad, { width: 360, height: 740, scheme: 'light' });
    expect(await chromium.evaluate<string[]>(tooWide)).toContain('the page');
    expect((await chromium.evaluate<string[]>(tooFaint)).join()).toMatch(/^1\.\d+ faint$/);
    expect(said().length).toBeGreaterThan(0);
    expect(asked()).toEqual(['http://127.0.0.1:9/x.png']);
  });

  it('has a policy that stops what would get in all the same', async () => {
    const got = rehearsalPage(pages.hostile).replace('</main>',
      '<img src="http://127.0.0.1:9/x.png"><script>window.hit=1</script></main>');
    const { said } = await open(got, { width: 360, height: 740, scheme: 'light' });
    expect(await chromium.evaluate('typeof window.hit')).toBe('undefined');
    expect(JSON.stringify(said())).toContain('Content Security Policy');
  });
});

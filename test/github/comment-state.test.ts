import { describe, expect, test } from 'vitest';
import {
  boundedSizes,
  type CommentState,
  commentMarker,
  commentStateSchema,
  compareRuns,
  readCommentState,
  stateLine,
  stateOf,
} from '../../src/github/comment-state.ts';
import { hostileText } from '../report/hostile.ts';
import { seededRandom } from '../stats/random.ts';
import { bot, shaOf } from './comment-samples.ts';
import { commentOf, memoryComments } from './memory-comments.ts';

const state: CommentState = {
  v: 1,
  head: shaOf(1),
  run: { id: 15_000_000_000, attempt: 2 },
  at: '2026-01-02T03:04:05.678Z',
  phase: 'running',
  last: {
    head: shaOf(2),
    run: { id: 14_999_999_999, attempt: 1 },
    at: '2026-01-01T00:00:00.000Z',
    outcome: 'fail',
    headline: 'memfile diff of idle-2s +38 %',
    sizes: { 'idle-2s': { 'memfile.writtenBytes': 3_565_158 } },
  },
  acceptance: { by: 'octocat', at: '2026-01-01T01:00:00Z', commit: shaOf(2), labelEventId: 12, sizes: {} },
};

function bodyWith(second: string): string {
  return `${commentMarker('default')}\n${second}\nThe rest.`;
}

describe('a state', () => {
  test('is read back as it was written, also where an editor has changed the line ends', () => {
    const body = bodyWith(stateLine(state));
    expect(stateOf(body)).toEqual(state);
    const told = { ...state, nonce: '00c0ffee' };
    expect(stateOf(bodyWith(stateLine(told)))).toEqual(told);
    expect(stateOf(body.replaceAll('\n', '\r\n'))).toEqual(state);
  });

  test('stays in its line and its comment, whatever text is in it', () => {
    for (let seed = 1; seed <= 2000; seed += 1) {
      const headline = hostileText(seededRandom(seed)).slice(0, 300);
      const hostile = { ...state, last: { ...state.last, headline } };
      const line = stateLine(commentStateSchema.parse(hostile));
      expect(line).toMatch(/^<!-- [\w:-]+ -->$/);
      expect(stateOf(bodyWith(line))?.last?.headline).toBe(headline);
    }
  });

  const encoded = (value: unknown) =>
    `<!-- snapgate-state:${Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')} -->`;
  test.each([
    ['none at all', 'The rest.'],
    ['no base64', '<!-- snapgate-state:%%% -->'],
    ['an empty one', '<!-- snapgate-state: -->'],
    ['no JSON', encoded('{"v":1')],
    ['no object', encoded('null')],
    ['deep JSON', encoded(`${'['.repeat(15_000)}${']'.repeat(15_000)}`)],
    ['another version', encoded({ ...state, v: 2 })],
    ['a head that is none', encoded({ ...state, head: '--upload-pack=x' })],
    ['a phase that is none', encoded({ ...state, phase: 'constructor' })],
    ['a nonce that is none', encoded({ ...state, nonce: '../x' })],
    ['a negative run', encoded({ ...state, run: { id: -1, attempt: 1 } })],
    ['a run beyond all numbers', encoded({ ...state, run: { id: 1e300, attempt: 1 } })],
    ['a time that is none', encoded({ ...state, at: 'now' })],
    ['an outcome that is none', encoded({ ...state, last: { ...state.last, outcome: 'toString' } })],
    ['a headline without end', encoded({ ...state, last: { ...state.last, headline: 'x'.repeat(301) } })],
    ['too many sizes', encoded({ ...state, last: { ...state.last, sizes: manySizes(201) } })],
    ['a size that is no number', encoded({ ...state, last: { ...state.last, sizes: { a: { b: '1' } } } })],
    ['an acceptance by nobody', encoded({ ...state, acceptance: { ...state.acceptance, by: 1 } })],
    ['more than a comment holds', encoded({ ...state, more: 'x'.repeat(50_000) })],
    ['something after it', `${encoded(state)} and text`],
  ])('with %s is no state', (_, line) => {
    expect(stateOf(bodyWith(line))).toBeUndefined();
  });

  test('in another line than the second is no state', () => {
    expect(stateOf(`${commentMarker('default')}\n\n${stateLine(state)}`)).toBeUndefined();
    expect(stateOf(stateLine(state))).toBeUndefined();
  });
});

test('runs are in the order of their numbers, then of their attempts', () => {
  const ordered = [
    { id: 0, attempt: 0 },
    { id: 0, attempt: 1 },
    { id: 9, attempt: 1 },
    { id: 9, attempt: 2 },
    { id: 9, attempt: 10 },
    { id: 10, attempt: 1 },
    { id: 15_000_000_000, attempt: 1 },
  ];
  const shuffled = [3, 0, 6, 2, 5, 1, 4].flatMap((index) => ordered[index] ?? []);
  expect(shuffled.sort(compareRuns)).toEqual(ordered);
});

function manySizes(count: number): Record<string, Record<string, number>> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`scenario-${index}`, { 'memfile.writtenBytes': index }]),
  );
}

describe('sizes', () => {
  test('that fit are kept as they are', () => {
    const sizes = { a: { x: 1, y: 2.5 }, b: { x: 0 } };
    expect(boundedSizes(sizes)).toEqual(sizes);
  });

  test('beyond 200 rows are left out, and what is written can be read', () => {
    const bounded = boundedSizes(manySizes(500));
    const kept = Object.keys(bounded);
    expect(kept.length).toBeGreaterThan(100);
    expect(kept.length).toBeLessThanOrEqual(200);
    expect(kept).toEqual(Object.keys(manySizes(500)).slice(0, kept.length));
    expect(stateOf(bodyWith(stateLine({ ...state, acceptance: withSizes(bounded) })))).toBeDefined();
  });

  test('of long and hostile names are bounded in bytes, and what is written can be read', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const random = seededRandom(seed);
      const name = () => `${hostileText(random, 30)}${'漢'.repeat(Math.floor(random() * 250))}`;
      const sizes = Object.fromEntries(
        Array.from({ length: 200 }, (_, index) => [`${index}${name()}`, { 'memfile.writtenBytes': index }]),
      );
      const bounded = boundedSizes({ ...sizes, bad: { metric: -1, other: Number.NaN } });
      expect(bounded['bad']).toBeUndefined();
      const line = stateLine({ ...state, acceptance: withSizes(bounded) });
      expect(line.length).toBeLessThan(14_000);
      expect(Object.keys(stateOf(bodyWith(line))?.acceptance?.sizes ?? {})).toHaveLength(
        Object.keys(bounded).length,
      );
    }
  });

  function withSizes(sizes: Record<string, Record<string, number>>) {
    return { by: 'octocat', at: '2026-01-01T01:00:00Z', commit: shaOf(2), labelEventId: 12, sizes };
  }
});

test("the state of a key is the newest of the token's own comments", async () => {
  const body = (id: number, key = 'default') =>
    `${commentMarker(key)}\n${stateLine({ ...state, run: { id, attempt: 1 } })}\n`;
  const api = memoryComments(bot, [
    commentOf(1, bot, `${commentMarker('default')}\nbefore there was a state`),
    commentOf(2, bot, body(5)),
    commentOf(3, bot, body(7)),
    commentOf(4, bot, body(6)),
    commentOf(5, 'mallory', body(99)),
    commentOf(6, bot, body(98, 'other')),
  ]);
  expect((await readCommentState(api, 'default'))?.run.id).toBe(7);
  expect((await readCommentState(api, 'other'))?.run.id).toBe(98);
  expect(await readCommentState(api, 'none')).toBeUndefined();
  expect(api.writes).toBe(0);
});

import { describe, expect, test } from 'vitest';
import { type ToldNews, tellComment } from '../../src/action/comment.ts';
import type { Patience } from '../../src/github/client.ts';
import { stateOf } from '../../src/github/comment-state.ts';
import type { CommentApi } from '../../src/github/comments.ts';
import { seededRandom } from '../stats/random.ts';
import { authorOf, bot, commentAfter, resultOf } from './comment-samples.ts';
import { commentOf, type MemoryComments, memoryComments } from './memory-comments.ts';
import { createVirtualTime, type VirtualTime } from './virtual-time.ts';

const settleMs = 1000;
/** From reading a comment to writing it are two of these at most, less than the pause. */
const longestMs = 490;

interface Network {
  readonly time: VirtualTime;
  readonly random: () => number;
  /** Chance that a call fails before it had an effect, and that its answer is lost after it. */
  readonly faults: number;
}

/** Extremes too: two calls at the same moment, and one that just overtakes another. */
function latency(random: () => number): number {
  const kind = Math.floor(random() * 3);
  return kind === 0 ? 0 : kind === 1 ? longestMs : random() * longestMs;
}

/** The comments as one run sees them: each call takes its time to arrive and to answer. At most two calls of a run fail. */
function remote(memory: MemoryComments, { time, random, faults }: Network): CommentApi {
  let left = 2;
  const isDown = () => {
    if (left === 0 || random() >= faults) return false;
    left -= 1;
    return true;
  };
  const call = async <T>(effect: () => Promise<T>): Promise<T> => {
    await time.sleep(latency(random));
    if (isDown()) throw Object.assign(new Error('Bad Gateway'), { status: 502 });
    const answer = effect();
    await time.sleep(latency(random));
    if (isDown()) throw Object.assign(new Error('Bad Gateway'), { status: 502 });
    return await answer;
  };
  return {
    viewer: () => memory.viewer(),
    async *list() {
      yield* await call(async () => [...memory.stored]);
      // The pages after it, of others' comments: what was read first is old by then.
      for (let page = 2; page <= 3; page += 1) await call(async () => {});
    },
    get: (id) => call(() => memory.get(id)),
    create: (body) => call(() => memory.create(body)),
    update: (id, body) => call(() => memory.update(id, body)),
    remove: (id) => call(() => memory.remove(id)),
    minimize: (comment) => call(() => memory.minimize(comment)),
  };
}

interface Race {
  readonly runs: number;
  readonly seed: number;
  readonly faults: number;
}

/** Some runs at about the same time, on what an earlier one may have left. */
async function race({ runs, seed, faults }: Race): Promise<MemoryComments> {
  const random = seededRandom(seed);
  const time = createVirtualTime();
  const before = commentAfter([authorOf(1), resultOf({ headline: 'of 1' })]);
  const memory = memoryComments(bot, random() < 0.5 ? [] : [commentOf(1, bot, before)]);
  const patience: Patience = {
    requestMs: 30_000,
    tries: 5,
    pausesMs: [1000, 5000],
    totalMs: 600_000,
    now: time.now,
    wait: time.sleep,
  };
  const tell = async (id: number) => {
    const api = remote(memory, { time, random, faults });
    const say = (news: ToldNews) =>
      tellComment(api, authorOf(id), 'always', news, { patience, settleMs, onFailure: raise });
    await time.sleep(random() * 2500);
    if (random() < 0.5) await say({ kind: 'running' });
    await time.sleep(random() < 0.5 ? 0 : random() * 3000);
    await say({ ...resultOf({ headline: `of ${id}` }), changed: true, isFailure: true });
  };
  await time.run(Array.from({ length: runs }, (_, index) => tell(2 + index)));
  return memory;
}

function raise(error: unknown): void {
  throw error;
}

function requireNewest({ stored }: MemoryComments, newest: number, seed: number): void {
  const shown = stored.map(({ body }) => ({
    run: stateOf(body)?.run.id,
    phase: stateOf(body)?.phase,
    text: /snapgate: (.*)/.exec(body)?.[1],
  }));
  expect({ seed, shown }).toEqual({ seed, shown: [{ run: newest, phase: 'result', text: `of ${newest}` }] });
}

describe('runs that end at the same time leave one comment, with the result of the newest', () => {
  test.each([
    ['two runs', 2, 0, 1500],
    ['three runs', 3, 0, 1500],
    ['four runs', 4, 0, 500],
    ['two runs, of a service that fails now and then', 2, 0.08, 800],
    ['three runs, of a service that fails now and then', 3, 0.08, 800],
  ])('%s', async (_, runs, faults, seeds) => {
    for (let seed = 1; seed <= seeds; seed += 1)
      requireNewest(await race({ runs, seed, faults }), runs + 1, seed);
  });
});

test('without the look after the write, and without the one before it, the race is lost: the test can tell', async () => {
  let lost = 0;
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = seededRandom(seed);
    const time = createVirtualTime();
    const memory = memoryComments(bot);
    const naive = async (id: number) => {
      const api = remote(memory, { time, random, faults: 0 });
      await time.sleep(random() * 1000);
      const found = [];
      for await (const comment of api.list()) found.push(comment);
      const body = commentAfter([authorOf(id), resultOf({ headline: `of ${id}` })]);
      await (found[0] ? api.update(found[0].id, body) : api.create(body));
    };
    await time.run([naive(2), naive(3)]);
    if (memory.stored.length > 1 || stateOf(memory.stored[0]?.body ?? '')?.run.id !== 3) lost += 1;
  }
  expect(lost).toBeGreaterThan(50);
});

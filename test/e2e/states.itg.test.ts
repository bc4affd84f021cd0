import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Measurement } from '../../src/measure/record.ts';
import {
  commitFiles,
  createOrigin,
  git,
  type PullRequest,
  pushPullRequest,
  shallowCheckout,
} from '../baseline/repository.ts';
import { pullRequestEvent } from '../github/payloads.ts';
import { guest, quickInputs } from './guest-repository.ts';
import { exactSide, recordWorkspace } from './record-workspace.ts';
import { type EndedStep, openScene, type Scene } from './scene.ts';

const [headSha, baseSha] = ['a'.repeat(40), 'c'.repeat(40)];
const quickest = { ...quickInputs, boots: '1', cycles: '1', warmup: '0' };

let scene: Scene;
let number: number;
let workspaces = 0;
beforeAll(async () => {
  scene = await openScene();
});
afterAll(() => scene[Symbol.asyncDispose]());
beforeEach(async () => {
  number = await scene.github.openPullRequest({ headSha });
});

async function decide(
  base: Measurement,
  head: Measurement,
  inputs: Readonly<Record<string, string>> = {},
): Promise<EndedStep> {
  workspaces += 1;
  const records = recordWorkspace(join(scene.folder, `records-${workspaces}`), base, head);
  return await scene.step({
    event: pullRequestEvent({ number, headSha, baseSha }),
    workspace: records.workspace,
    inputs: { ...records.inputs, ...inputs },
  });
}

interface Shown {
  readonly exitCode: number | null;
  readonly outcome: string | undefined;
  readonly conclusion: string | null | undefined;
  readonly title: string | undefined;
  readonly comment: string;
}

/** How a state is shown: exit status, output, check, comment. */
async function shownAs({ exitCode, job }: EndedStep, commit = headSha): Promise<Shown> {
  const check = scene.github.checks(commit).at(-1);
  const [comment] = await scene.github.comments(number);
  return {
    exitCode,
    outcome: job.output('outcome'),
    conclusion: check?.conclusion,
    title: check?.title,
    comment: comment?.body ?? '',
  };
}

/** Who a token is, is asked by GraphQL, which is a POST. */
function isWrite({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method !== 'GET' && path !== '/graphql';
}

function headlineOf(comment: string): string {
  return comment.split('\n').find((line) => line.startsWith('### ')) ?? '';
}

describe('what is no verdict', () => {
  const other = { ...exactSide('head', 100).fingerprint, hostCpu: 'Another CPU' };

  test('not comparable: neutral, the field and both values said, head’s numbers shown', async () => {
    const ended = await decide(exactSide('base', 100, { fingerprint: other }), exactSide('head', 500));
    const shown = await shownAs(ended);
    expect(shown).toMatchObject({ exitCode: 0, outcome: 'not-comparable', conclusion: 'neutral' });
    expect(headlineOf(shown.comment)).toMatch(
      /not comparable.*hostCpu is "Another CPU" on base and "Example CPU" on head/,
    );
    expect(shown.comment).toMatch(/`turn` .*1\.95\sMiB/);
    expect(shown.comment).not.toMatch(/🔴|🟢/u);
  });

  test('not comparable fails where what cannot be decided is to fail', async () => {
    const sides = [exactSide('base', 100, { fingerprint: other }), exactSide('head', 500)] as const;
    const shown = await shownAs(await decide(...sides, { inconclusive: 'fail' }));
    expect(shown).toMatchObject({ exitCode: 2, outcome: 'not-comparable', conclusion: 'failure' });
  });

  test('a scenario that vanished from stored records is named', async () => {
    const base = exactSide('base', 100);
    const [turn] = base.scenarios;
    const gone = turn === undefined ? [] : [{ ...turn, name: 'gone' }];
    const both = { ...base, scenarios: [...base.scenarios, ...gone] };
    const shown = await shownAs(await decide(both, exactSide('head', 100)));
    expect(shown).toMatchObject({ exitCode: 0, outcome: 'not-comparable', conclusion: 'neutral' });
    expect(headlineOf(shown.comment)).toMatch(/scenario "gone" was measured on base but not on head/);
  });

  test('a cap holds where nothing can be compared', async () => {
    const sides = [exactSide('base', 100, { fingerprint: other }), exactSide('head', 500)] as const;
    const shown = await shownAs(await decide(...sides, { 'max-memfile-written': '1MiB' }));
    expect(shown).toMatchObject({ exitCode: 1, outcome: 'fail', conclusion: 'failure' });
  });
});

describe('a limit', () => {
  const exact = { 'fail-above': '5%', 'min-growth': '0B' };

  test.each([
    ['a growth of exactly fail-above passes', 1000, 1050, exact, 'pass'],
    ['one page more fails', 1000, 1051, exact, 'fail'],
    ['a growth of exactly min-growth passes', 1000, 1100, { 'min-growth': '400KiB' }, 'pass'],
    ['one page more fails', 1000, 1101, { 'min-growth': '400KiB' }, 'fail'],
    ['a cap that is exactly reached passes', 256, 256, { 'max-memfile-written': '1MiB' }, 'pass'],
    ['one page more fails', 257, 257, { 'max-memfile-written': '1MiB' }, 'fail'],
  ])('%s (%d to %d pages)', async (_, base, head, inputs, verdict) => {
    const ended = await decide(exactSide('base', base), exactSide('head', head), inputs);
    expect(ended.job.output('verdict'), ended.log).toBe(verdict);
    expect(ended.exitCode).toBe(verdict === 'fail' ? 1 : 0);
  });
});

describe('trying it out', () => {
  const sides = () => [exactSide('base', 1000), exactSide('head', 2000)] as const;

  test('fail: false tells everything and fails nothing', async () => {
    const shown = await shownAs(await decide(...sides(), { fail: 'false' }));
    expect(shown).toMatchObject({ exitCode: 0, outcome: 'fail', conclusion: 'neutral' });
    expect(headlineOf(shown.comment)).toContain('🔴');
  });

  test('dry-run: true writes to the summary alone', async () => {
    scene.github.forgetRequests();
    const stored = scene.services.requests.length;
    const ended = await decide(...sides(), { 'dry-run': 'true' });
    expect(ended.exitCode).toBe(0);
    expect(ended.job.output('verdict')).toBe('fail');
    expect(ended.job.summary()).toContain('🔴');
    expect(scene.github.requests.filter(isWrite)).toEqual([]);
    expect(await scene.github.comments(number)).toEqual([]);
    expect(scene.services.requests.slice(stored).filter(({ path }) => /Create|Finalize/.test(path))).toEqual(
      [],
    );
  });
});

describe('when a comment is begun', () => {
  const unchanged = () => [exactSide('base', 1000), exactSide('head', 1000)] as const;
  const grown = () => [exactSide('base', 1000), exactSide('head', 2000)] as const;
  const shrunk = () => [exactSide('base', 2000), exactSide('head', 1000)] as const;

  test.each([
    ['always', unchanged, true],
    ['auto', unchanged, true],
    ['on-change', unchanged, false],
    ['on-change', shrunk, true],
    ['on-failure', shrunk, false],
    ['on-failure', grown, true],
    ['never', grown, false],
  ])('comment: %s', async (comment, sides, isBegun) => {
    await decide(...sides(), { comment });
    expect(await scene.github.comments(number)).toHaveLength(isBegun ? 1 : 0);
  });

  test('one that is red is retracted by every policy', async () => {
    await decide(...grown(), { comment: 'on-failure' });
    expect(headlineOf((await scene.github.comments(number))[0]?.body ?? '')).toContain('🔴');
    await decide(...unchanged(), { comment: 'on-failure' });
    const [comment, ...more] = await scene.github.comments(number);
    expect(more).toEqual([]);
    expect(headlineOf(comment?.body ?? '')).toContain('🟢');
    expect(comment?.body).toMatch(/Was 🔴/u);
  });
});

describe('with a guest', () => {
  let url: string;
  let clone: string;
  let base: string;
  beforeAll(() => {
    ({ url, clone } = createOrigin(scene.folder));
    git(clone, 'checkout', '--quiet', '-b', 'main');
    base = commitFiles(clone, guest, 'guest');
    git(clone, 'push', '--quiet', 'origin', 'main');
  });

  async function run(pull: PullRequest, inputs: Readonly<Record<string, string>>): Promise<EndedStep> {
    workspaces += 1;
    const workspace = shallowCheckout(join(scene.folder, `checkout-${workspaces}`), url, pull);
    const event = pullRequestEvent({ ...pull, number });
    return await scene.step({ event, workspace, inputs: { ...quickest, ...inputs } });
  }

  test('no baseline yet: neutral, the numbers shown, and what creates one', async () => {
    const pull = pushPullRequest(clone, 7, base, {});
    const shown = await shownAs(await run(pull, { base: 'cache' }), pull.headSha);
    expect(shown).toMatchObject({ exitCode: 0, outcome: 'no-baseline', conclusion: 'neutral' });
    expect(headlineOf(shown.comment)).toMatch(/no baseline yet.*push or schedule stores one/);
    expect(shown.comment).toMatch(/\| `wait` \|.*KiB/);
  });

  test('not measured: a failure that is titled so, with an exit status of its own, and never a regression', async () => {
    const pull = pushPullRequest(clone, 8, base, {
      'build.sh': { mode: 0o755, text: '#!/bin/sh\nexit 3\n' },
    });
    const ended = await run(pull, {});
    const shown = await shownAs(ended, pull.headSha);
    expect(shown).toMatchObject({ exitCode: 66, conclusion: 'failure' });
    expect(shown.title).toMatch(/^Not measured: /);
    expect(shown.comment).toMatch(/not measured/i);
    expect(shown.comment).not.toMatch(/🔴|per cycle/u);
    expect(ended.errors).toHaveLength(1);
  });

  test('a scenario that snapgate.yml no longer defines is named', async () => {
    const pull = pushPullRequest(clone, 9, base, {
      'snapgate.yml': 'scenarios:\n  nap:\n    settle: 500ms\n',
    });
    const ended = await run(pull, { scenarios: 'nap' });
    expect(ended.exitCode, ended.log).toBe(0);
    expect(ended.job.summary()).toMatch(/scenario wait of commit [0-9a-f]{7} is no longer measured/);
  });

  test('one file of the image that changed has the annotation', async () => {
    const inittab = '::sysinit:/bin/mount -t proc proc /proc\n::respawn:/bin/sh /etc/noise.sh\n';
    const pull = pushPullRequest(clone, 10, base, { inittab });
    const ended = await run(pull, { 'max-memfile-written': '2MiB' });
    expect(ended.exitCode, ended.log).toBe(1);
    expect(ended.log).toMatch(/^::error title=snapgate%3A [^:]*,file=inittab,line=2::/m);
  });
});

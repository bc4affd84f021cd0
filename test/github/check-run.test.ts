import { describe, expect, test } from 'vitest';
import {
  type CheckReport,
  type CheckTarget,
  checkName,
  createCheck,
  fitSummary,
  updateCheck,
} from '../../src/github/check-run.ts';
import { openOctokit } from '../../src/github/client.ts';
import { hostileText } from '../report/hostile.ts';
import { seededRandom } from '../stats/random.ts';
import { shaOf } from './comment-samples.ts';
import { type Answers, answering, failing, fakeClock } from './fake-service.ts';

const target: CheckTarget = {
  owner: 'o',
  repo: 'r',
  headSha: shaOf(7),
  key: 'default',
  run: { id: 15, attempt: 2, url: 'https://github.example/o/r/actions/runs/15/attempts/2' },
};
const completed: CheckReport = {
  status: 'completed',
  conclusion: 'failure',
  title: 'grew',
  summary: 'The report.',
};
const measuring: CheckReport = { status: 'in_progress', title: 'Measuring', summary: 'x' };
const creating = 'POST /repos/o/r/check-runs';
const listing = `GET /repos/o/r/commits/${shaOf(7)}/check-runs`;
const updating = 'PATCH /repos/o/r/check-runs/5';

function open(answers: Answers) {
  const { fetch, asked } = answering(answers);
  return { octokit: openOctokit({ apiUrl: 'https://api.example', token: 't', fetch }), asked };
}

const check = (id: number, external: string) => ({
  id,
  external_id: external,
  html_url: `https://github.example/o/r/runs/${id}`,
});
const made = () => Response.json(check(5, '15.2'), { status: 201 });

/** What was asked for, of requests that have a body. */
function sent(asked: readonly { readonly body: unknown }[]): Record<string, unknown>[] {
  return asked.flatMap(({ body }) => (typeof body === 'string' ? [JSON.parse(body)] : []));
}

async function sentFor(report: CheckReport): Promise<Record<string, unknown>> {
  const { octokit, asked } = open({ [creating]: made });
  await createCheck(octokit, target, report, fakeClock().patience);
  return sent(asked)[0] ?? {};
}

test('the name is stable, and tells the keys apart', () => {
  expect([checkName('default'), checkName('arm64')]).toEqual(['snapgate', 'snapgate: arm64']);
});

test('a check is made on the head commit, and says which run it is of', async () => {
  const { octokit, asked } = open({ [creating]: made });
  expect(await createCheck(octokit, target, completed, fakeClock().patience)).toEqual({
    id: 5,
    url: 'https://github.example/o/r/runs/5',
  });
  expect(sent(asked)).toEqual([
    {
      name: 'snapgate',
      head_sha: shaOf(7),
      external_id: '15.2',
      details_url: target.run.url,
      status: 'completed',
      conclusion: 'failure',
      output: { title: 'grew', summary: 'The report.' },
    },
  ]);
});

describe('a check whose answer got lost', () => {
  const lost = { [creating]: [failing(502, 'x'), made] };
  const list = (...checks: readonly object[]) => ({
    [listing]: () => Response.json({ total_count: checks.length, check_runs: checks }),
  });

  test('is found by its run, among those of others, and not made twice', async () => {
    const { octokit, asked } = open({ ...lost, ...list(check(3, '15.1'), check(4, ''), check(5, '15.2')) });
    expect((await createCheck(octokit, target, measuring, fakeClock().patience)).id).toBe(5);
    expect(asked.map(({ method }) => method)).toEqual(['POST', 'GET']);
    expect(asked[1]?.path).toContain('check_name=snapgate&filter=all');
  });

  test('is brought to the state that was meant', async () => {
    const { octokit, asked } = open({ ...lost, ...list(check(5, '15.2')), [updating]: made });
    await createCheck(octokit, target, completed, fakeClock().patience);
    expect(asked.map(({ method }) => method)).toEqual(['POST', 'GET', 'PATCH']);
    expect(sent(asked)[1]).toMatchObject({ conclusion: 'failure' });
  });

  test('is made again where it is not there', async () => {
    const { octokit, asked } = open({ ...lost, ...list(check(3, '15.1')) });
    await createCheck(octokit, target, completed, fakeClock().patience);
    expect(asked.map(({ method }) => method)).toEqual(['POST', 'GET', 'POST']);
  });
});

test('an update is tried again: it says the same twice', async () => {
  const { octokit, asked } = open({ [updating]: [failing(500, 'x'), failing(500, 'x'), made] });
  await updateCheck(octokit, target, 5, completed, fakeClock().patience);
  expect(asked).toHaveLength(3);
});

test('a title is one line of visible characters that GitHub takes, whatever it was', async () => {
  for (let seed = 1; seed <= 300; seed += 1) {
    const title = hostileText(seededRandom(seed), 60);
    const { output } = await sentFor({ ...completed, title });
    expect(output).toEqual({
      title: expect.stringMatching(/^[^\p{Cc}\p{Bidi_Control}]{1,255}$/u),
      summary: 'The report.',
    });
  }
});

describe('annotations', () => {
  const place = { path: 'guest/Dockerfile', level: 'failure' as const, title: 'grew', message: 'by 38 %' };

  test('name a place, the first line if none is given', async () => {
    const annotations = [
      { ...place, startLine: 12 },
      place,
      { ...place, startLine: 9 },
      { ...place, startLine: -3 },
    ];
    const { output } = await sentFor({ ...completed, annotations });
    const lines = (start: number) => ({
      path: 'guest/Dockerfile',
      start_line: start,
      end_line: start,
      annotation_level: 'failure',
      title: 'grew',
      message: 'by 38 %',
    });
    expect(output).toMatchObject({ annotations: [lines(12), lines(1), lines(9), lines(1)] });
  });

  test.each(['', '/etc/passwd', 'a\nb', 'a\\b', 'x'.repeat(1001)])('at %j are left out', async (path) => {
    const { output } = await sentFor({ ...completed, annotations: [{ ...place, path }] });
    expect(output).not.toHaveProperty('annotations');
  });

  test('are fifty at most, each with a message that GitHub takes', async () => {
    const annotations = Array.from({ length: 60 }, () => ({ ...place, message: 'x'.repeat(70_000) }));
    const { output } = await sentFor({ ...completed, annotations });
    const written = JSON.parse(JSON.stringify(output)).annotations;
    expect(written).toHaveLength(50);
    expect(written[0].message.length).toBeLessThanOrEqual(65_535);
  });
});

describe('a summary', () => {
  const note = 'Cut.';

  test('is as it is rendered where it fits', () => {
    expect(fitSummary(() => 'short', note)).toBe('short');
  });

  test.each(['x', 'ä', '漢', '🔴'])(
    'of %s is counted in bytes, and made to fit by whoever renders it',
    (letter) => {
      const limits: number[] = [];
      const render = (limit: number) => {
        limits.push(limit);
        return `${letter}`.repeat(Math.floor(limit / letter.length));
      };
      const summary = fitSummary(render, note);
      expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(65_535);
      expect(Buffer.byteLength(summary)).toBeGreaterThan(65_000);
      expect(limits.length).toBeLessThanOrEqual(4);
    },
  );

  test('that heeds no limit is cut', () => {
    const summary = fitSummary(() => 'größer\n'.repeat(20_000), note);
    expect(Buffer.byteLength(summary)).toBeLessThanOrEqual(65_535);
    expect(Buffer.byteLength(summary)).toBeGreaterThan(65_000);
    expect(summary.endsWith('\n\nCut.\n')).toBe(true);
  });
});

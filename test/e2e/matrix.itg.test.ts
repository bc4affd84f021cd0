import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readMatrix } from '../../src/gate/read.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { growing, side } from '../report/samples.ts';
import { noisyGuest, quickSettings, quietGuest } from './example-repository.ts';
import { actionStepOf, jobOf, type WorkflowResult } from './workflow.ts';
import { bootedSides, leftBy, openWorkflowWorld, type WorkflowWorld } from './workflow-world.ts';

let world: WorkflowWorld;
beforeAll(async () => {
  world = await openWorkflowWorld(quickSettings);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

/** A job of the matrix: what it hands over was measured before. */
interface MeasureJob {
  readonly name: string;
  readonly shard?: string;
  readonly base: Measurement;
  /** Undefined: its file is not there, and the job fails. */
  readonly head: Measurement | undefined;
}

interface MatrixGate {
  readonly key?: string;
  readonly jobs: readonly MeasureJob[];
  readonly entries: string;
  readonly allowMissing?: boolean;
}

/** Like matrix.yml, but that its jobs boot nothing: they are given records. */
function workflowOf({ key = 'default', jobs, entries, allowMissing = false }: MatrixGate): string {
  const include = jobs.map(({ name, shard = '', base, head }) => {
    const file = (of: string) => join(world.folder, `${key}-${name}${shard}-${of}.json`);
    writeFileSync(file('base'), JSON.stringify(base));
    if (head !== undefined) writeFileSync(file('head'), JSON.stringify(head));
    return { name, shard, base: `measurement:${file('base')}`, head: `measurement:${file('head')}` };
  });
  return `name: snapgate
on: { pull_request: }
permissions: {}
jobs:
  measure:
    runs-on: [self-hosted, kvm]
    permissions: { contents: read }
    strategy:
      fail-fast: false
      matrix:
        include: ${JSON.stringify(include)}
    steps:
      - uses: OWNER/snapgate@v0
        with:
          mode: measure
          side: both
          entry: \${{ matrix.name }}
          shard: \${{ matrix.shard }}
          base: \${{ matrix.base }}
          head: \${{ matrix.head }}
          comment-key: ${key}
  gate:
    needs: measure
    if: always()
    runs-on: ubuntu-24.04
    permissions: { actions: read, contents: read, pull-requests: write, checks: write }
    steps:
      - uses: OWNER/snapgate@v0
        with:
          mode: gate
          entries: ${entries}
          allow-missing: ${allowMissing}
          comment-key: ${key}
`;
}

function gateOf(result: WorkflowResult) {
  const step = actionStepOf(jobOf(result, 'gate'));
  const matrix = readMatrix(readFileSync(step.outputs['comparison'] ?? '', 'utf8'), 'matrix.json');
  return { step, matrix };
}

const base = side('base');
const same = side('head');
const grown = side('head', growing({ 'idle-2s': 1.5 }));

/** The same under other conditions, or measured at another time. */
function other(measurement: Measurement, more: { hostCpu?: string; startedAt?: string }): Measurement {
  const { hostCpu = measurement.fingerprint.hostCpu, startedAt } = more;
  return {
    ...measurement,
    fingerprint: { ...measurement.fingerprint, hostCpu },
    boots: measurement.boots.map((boot) => ({ ...boot, startedAt: startedAt ?? boot.startedAt })),
  };
}

test('two gates with a key each leave two comments and two checks, and edit their own', async () => {
  const { github } = world;
  const run = async (key: string, head: Measurement, event: Parameters<WorkflowWorld['run']>[1]) => {
    const jobs = [
      { name: 'small', base, head: same },
      { name: 'large', base, head },
    ];
    return gateOf(await world.runText(workflowOf({ key, jobs, entries: 'small large' }), event));
  };
  const first = world.pushPullRequest(quietGuest);
  const kernels = await run('kernels', grown, first.event);
  expect([kernels.step.exitCode, kernels.matrix.verdict], kernels.step.log).toEqual([1, 'fail']);
  const rows = JSON.parse(kernels.step.outputs['rows'] ?? '');
  expect(rows).toContainEqual(
    expect.objectContaining({ entry: 'large', scenario: 'idle-2s', verdict: 'fail' }),
  );
  expect(rows).toContainEqual(
    expect.objectContaining({ entry: 'small', scenario: 'idle-2s', verdict: 'pass' }),
  );
  const sizes = await run('sizes', same, first.event);
  expect([sizes.step.exitCode, sizes.matrix.verdict], sizes.step.log).toEqual([0, 'pass']);

  const bodies = async () => (await github.comments()).map(({ body }) => body);
  expect(await bodies()).toEqual([
    expect.stringMatching(
      /^<!-- snapgate:kernels -->\n[\s\S]*^### 🔴 snapgate: large: memfile diff of idle-2s \+50/mu,
    ),
    expect.stringMatching(/^<!-- snapgate:sizes -->\n[\s\S]*^### 🟢 snapgate: /mu),
  ]);
  expect((await bodies())[0]).toMatch(/^\| *`large` *\| *`idle-2s` *\|.*🔴\sfail/mu);
  const checks = github.checks(first.headSha).map(({ name, conclusion }) => [name, conclusion]);
  expect(checks).toEqual([
    ['snapgate: kernels', 'failure'],
    ['snapgate: sizes', 'success'],
  ]);

  const second = world.pushPullRequest({ ...quietGuest, 'README.md': 'A quiet guest.\n' });
  expect((await run('kernels', same, second.event)).step.exitCode).toBe(0);
  expect(await bodies()).toEqual([
    expect.stringMatching(/^### 🟢 snapgate: .*\n\nWas 🔴 large: memfile diff of idle-2s \+50/mu),
    expect.stringMatching(/^<!-- snapgate:sizes -->\n[\s\S]*^### 🟢 snapgate: /mu),
  ]);
});

test('the boots of an entry’s shards are put together, but for those of another machine class', async () => {
  const few = { boots: 3 };
  const shard = (name: string, startedAt: string, hostCpu?: string): MeasureJob => {
    const at = { startedAt, ...(hostCpu === undefined ? {} : { hostCpu }) };
    return {
      name: 'small',
      shard: name,
      base: other(side('base', undefined, few), at),
      head: other(side('head', undefined, few), at),
    };
  };
  const jobs = [
    shard('a', '2026-01-02T03:00:00.000Z'),
    shard('b', '2026-01-02T04:00:00.000Z'),
    shard('c', '2026-01-02T05:00:00.000Z', 'Another CPU'),
  ];
  const { event } = world.pushPullRequest(quietGuest);
  const { step, matrix } = gateOf(
    await world.runText(workflowOf({ key: 'shards', jobs, entries: 'all' }), event),
  );
  expect([step.exitCode, matrix.verdict], step.log).toEqual([0, 'pass']);
  expect(matrix.entries).toMatchObject([{ name: 'small', comparison: { boots: { base: 6, head: 6 } } }]);
  expect(step.summary).toContain(
    '6 boots were taken under other conditions and left out: hostCpu "Another CPU"',
  );
});

test('an entry that is missing or failed is said by name, and fails unless that is allowed; a job that is run again takes its failure’s place', async () => {
  const { github } = world;
  const jobs = [
    { name: 'small', base, head: same },
    { name: 'broken', base, head: undefined },
  ];
  const gate = { jobs, entries: 'small broken gone' };
  const { event, headSha } = world.pushPullRequest(quietGuest);
  const whole = workflowOf(gate);
  const result = await world.runText(whole, event);
  const { step, matrix } = gateOf(result);
  expect([step.exitCode, matrix.verdict], step.log).toEqual([1, 'fail']);
  expect(jobOf(result, 'measure', { name: 'broken' }).conclusion).toBe('failure');
  const [comment] = (await github.comments()).filter(({ body }) => body.startsWith('<!-- snapgate:default'));
  for (const text of [comment?.body, step.summary]) {
    expect(text).toMatch(/^### 🔴 snapgate: not measured: broken, gone; no growth above 5\s% \(small\)$/mu);
    expect(text).toMatch(/^Not measured: 2 of 3 entries\.$/m);
    expect(text).toMatch(/^- 🔴\s`broken`: head: the measurement .* cannot be read \(ENOENT\)/mu);
    expect(text).toMatch(/^- 🔴\s`gone`: no measurement was found/mu);
    expect(text).toMatch(/^\| *`small` *\| *`idle-2s` *\|.*🟢\spass/mu);
  }
  expect(github.checks(headSha)).toMatchObject([
    { name: 'snapgate', conclusion: 'failure', title: expect.stringMatching(/^not measured: broken, gone/) },
  ]);

  const tolerant = await world.runText(workflowOf({ ...gate, allowMissing: true }), event);
  const allowed = gateOf(tolerant);
  expect([allowed.step.exitCode, allowed.matrix.verdict], allowed.step.log).toEqual([0, 'pass']);
  expect(allowed.step.summary).toMatch(/^Not measured: 2 of 3 entries, which is allowed\.$/m);
  expect(allowed.step.summary).toMatch(/`gone`: no measurement was found/);

  workflowOf({ ...gate, jobs: [...jobs.slice(0, 1), { name: 'broken', base, head: grown }] });
  const again = gateOf(await world.runText(whole, event, { rerunOf: result }));
  expect([again.step.exitCode, again.matrix.headline], again.step.log).toEqual([
    1,
    expect.stringMatching(/^not measured: gone; broken: memfile diff of idle-2s \+50/),
  ]);
});

test('matrix.yml: every memory size is measured by a job of its own; a label accepts, and the gate alone runs again', async () => {
  const { github } = world;
  const { event, headSha, number } = world.pushPullRequest(noisyGuest);
  const result = await world.run('matrix.yml', event);
  expect(result.jobs.map(({ name, matrix, conclusion }) => [name, matrix['memory'], conclusion])).toEqual([
    ['measure', '512MiB', 'success'],
    ['measure', '2GiB', 'success'],
    ['gate', undefined, 'failure'],
  ]);
  for (const job of result.jobs) {
    const { log } = actionStepOf(job);
    expect(bootedSides(log)).toEqual(job.name === 'gate' ? [] : ['base', 'head']);
    expect(log).not.toMatch(/^::warning/m);
    expect(leftBy(job)).toEqual([]);
  }
  const { step, matrix } = gateOf(result);
  expect([step.exitCode, matrix.verdict], step.log).toEqual([1, 'fail']);
  const guests = matrix.entries.map(({ name, comparison }) => [name, comparison?.fingerprint.memoryBytes]);
  expect(guests).toEqual([
    ['small', 512 * 1024 ** 2],
    ['large', 2 * 1024 ** 3],
  ]);
  const own = async () =>
    (await github.comments()).find(({ body }) => body.startsWith('<!-- snapgate:default'));
  for (const entry of ['small', 'large'])
    expect((await own())?.body).toMatch(
      new RegExp(`^\\| *\`${entry}\` *\\| *\`wait\` *\\|.*🔴\\sfail`, 'mu'),
    );
  expect(github.checks(headSha)).toMatchObject([{ name: 'snapgate', conclusion: 'failure' }]);

  github.setRole('maintainer', 'maintain');
  await github.label(number, 'snapshot-growth-accepted', { by: 'maintainer' });
  const again = await world.run('matrix.yml', event, { rerunOf: result });
  expect(again.jobs.slice(0, 2)).toEqual(result.jobs.slice(0, 2));
  const accepted = gateOf(again);
  expect([accepted.step.exitCode, accepted.step.outputs['outcome']], accepted.step.log).toEqual([
    0,
    'accepted',
  ]);
  expect((await own())?.body).toMatch(/^### 🟢 snapgate: accepted: .*\n\nWas 🔴 /mu);
  expect((await own())?.body).toContain('maintainer');
});

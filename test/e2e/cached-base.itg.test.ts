import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Measurement } from '../../src/measure/record.ts';
import { git } from '../baseline/repository.ts';
import type { TestEvent } from '../github/payloads.ts';
import { side } from '../report/samples.ts';
import { exampleFolder, readWorkflowText } from '../workflows/workflow-file.ts';
import { quietGuest, type Settings } from './example-repository.ts';
import { actionStepOf, jobOf } from './workflow.ts';
import type { StepResult } from './workflow-job.ts';
import { bootedSides, leftBy, openWorkflowWorld, type WorkflowWorld } from './workflow-world.ts';

/** Guests of more than half of the cores: the boots of both sides follow one another, so that a base costs its time. */
const settings: Settings = {
  boots: 2,
  cycles: 1,
  warmup: 0,
  scenarios: 'pause',
  vcpus: Math.floor(availableParallelism() / 2) + 1,
};

let world: WorkflowWorld;
beforeAll(async () => {
  world = await openWorkflowWorld(settings);
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

interface Difference {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly edit?: (text: string) => string;
  readonly isPrivate?: boolean;
}

/** Runs an example with more inputs, and what else is to be other. */
async function run(
  file: string,
  event: TestEvent,
  { inputs = {}, edit = (text) => text, isPrivate = true }: Difference = {},
): Promise<StepResult> {
  const lines = Object.entries(inputs).map(
    ([name, value]) => `          ${name}: ${JSON.stringify(value)}\n`,
  );
  const text = readWorkflowText(`${exampleFolder}/${file}`);
  const changed = edit(text.replace(/^ {10}fail-above: 5%\n/m, (line) => line + lines.join('')));
  const job = jobOf(await world.runText(changed, event, { isPrivate }), 'snapshots');
  expect(leftBy(job)).toEqual([]);
  return actionStepOf(job);
}

function warningsOf({ log }: StepResult): string[] {
  return [...log.matchAll(/^::warning[^:]*::(.*)$/gm)].map(([, text = '']) => text);
}

/** Processor time of all processes that this one has started and that have ended, in seconds: proc(5), `cutime` and `cstime` of /proc/self/stat. */
function childrenSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const ticksPerSecond = 100;
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}

interface Cost {
  /** Of the clock on the wall, which what else the machine does makes longer, and of the processors, which it does not. */
  readonly seconds: number;
  readonly processorSeconds: number;
}

async function costOf<T>(job: () => Promise<T>): Promise<{ readonly result: T } & Cost> {
  const [startedMs, before] = [performance.now(), childrenSeconds()];
  const result = await job();
  const seconds = (performance.now() - startedMs) / 1000;
  return { result, seconds, processorSeconds: childrenSeconds() - before };
}

describe('a stored base', () => {
  test('is not booted again: the run is shorter than one that has to measure it', async () => {
    const { event: push } = world.pushMain({});
    const stored = await run('baseline.yml', push);
    expect([stored.exitCode, bootedSides(stored.log)], stored.log).toEqual([0, ['head']]);
    const pull = world.pushPullRequest(quietGuest);
    const gate = async () => {
      const { result, ...cost } = await costOf(() => run('pull-request.yml', pull.event));
      expect([result.exitCode, result.outputs['verdict']], result.log).toEqual([0, 'pass']);
      expect(warningsOf(result)).toEqual([]);
      return { ...result, ...cost };
    };

    const fromMain = await gate();
    expect(bootedSides(fromMain.log)).toEqual(['head']);
    expect(fromMain.log).toMatch(/^base was measured at .* and comes from the cache: it is not booted$/m);
    expect(fromMain.log).not.toMatch(/^base: building/m);
    expect(fromMain.summary).toMatch(/base was measured at .* and comes from the cache/);

    world.services.cache.clear();
    const evicted = await gate();
    expect(bootedSides(evicted.log)).toEqual(['base', 'head']);
    expect(fromMain.processorSeconds).toBeLessThan(0.85 * evicted.processorSeconds);
    let { seconds } = fromMain;
    // On a machine that had something else to do in just this minute, once more; by now the base is the pull request's own.
    for (let tries = 1; tries < 3 && seconds >= evicted.seconds; tries += 1) {
      const fromItself = await gate();
      expect(bootedSides(fromItself.log)).toEqual(['head']);
      seconds = fromItself.seconds;
    }
    expect(seconds).toBeLessThan(evicted.seconds);
  });

  test('of another machine class is not used: the report says why in one line, and the base is measured', async () => {
    const pull = world.pushPullRequest(quietGuest);
    const step = await run('pull-request.yml', pull.event, {
      inputs: { 'memory-size': '160MiB', vcpus: '1' },
    });
    expect([step.exitCode, step.outputs['verdict']], step.log).toEqual([0, 'pass']);
    expect(bootedSides(step.log)).toEqual(['base', 'head']);
    expect(step.summary).toMatch(
      new RegExp(
        `^- note: the stored measurement of ${pull.baseSha.slice(0, 7)} is not used: memoryBytes was 134217728 there and is 167772160 here; vcpus was 2 there and is 1 here$`,
        'm',
      ),
    );
    expect(warningsOf(step)).toEqual([]);
  });

  test('on a branch of the repository is as good: main’s runs push it there, and those of pull requests only read', async () => {
    const { repository, services } = world;
    const inputs = { 'baseline-branch': 'snapgate-baselines' };
    const writing = (text: string) => text.replace('contents: read #', 'contents: write #');
    services.cache.clear();
    const { commit, event: push } = world.pushMain({});
    const stored = await run('baseline.yml', push, { inputs, edit: writing, isPrivate: false });
    expect([stored.exitCode, stored.outputs['outcome']], stored.log).toEqual([0, 'no-baseline']);
    const branch = () => git(repository.clone, 'ls-remote', 'origin', 'snapgate-baselines');
    const tip = branch();
    git(repository.clone, 'fetch', '--quiet', 'origin', 'snapgate-baselines');
    expect(git(repository.clone, 'ls-tree', '-r', '--name-only', 'FETCH_HEAD').split('\n')).toEqual([
      expect.stringMatching(
        new RegExp(`^history/[0-9a-f]{16}/[0-9a-f]{16}/main/\\d+T[\\d.]+Z-${commit.slice(0, 12)}\\.json$`),
      ),
      expect.stringMatching(new RegExp(`^measurements/[0-9a-f]{16}/[0-9a-f]{16}/${commit}\\.json$`)),
    ]);

    const pull = world.pushPullRequest(quietGuest);
    const gated = await run('pull-request.yml', pull.event, { inputs, isPrivate: false });
    expect([gated.exitCode, gated.outputs['verdict']], gated.log).toEqual([0, 'pass']);
    expect(bootedSides(gated.log)).toEqual(['head']);
    expect(gated.log).toMatch(
      /^base was measured at .* and comes from branch snapgate-baselines: it is not booted$/m,
    );
    expect([...warningsOf(stored), ...warningsOf(gated)]).toEqual([]);
    expect(branch()).toBe(tip);
    expect(services.cache.entries().filter(({ key }) => !key.startsWith('snapgate-result-'))).toEqual([]);
  });
});

describe('base: cache', () => {
  const inputs = { base: 'cache', scenarios: 'all' };

  /** Stores a measurement of main as a push does; gives main's commit. */
  async function store(measurement: Measurement): Promise<string> {
    world.services.cache.clear();
    const { commit, event } = world.pushMain({});
    const step = await run('baseline.yml', event, {
      inputs: {
        ...inputs,
        base: 'auto',
        head: recordOf({ ...measurement, subject: { label: 'main', commit } }),
      },
    });
    expect([step.exitCode, warningsOf(step)], step.log).toEqual([0, []]);
    return commit;
  }

  function evict(what: 'baseline' | 'history'): void {
    const { cache } = world.services;
    for (const { key } of cache.entries()) if (key.startsWith(`snapgate-${what}-`)) cache.clear(key);
  }

  function recordOf(measurement: Measurement): string {
    const path = join(world.folder, `record-${measurement.side}.json`);
    writeFileSync(path, JSON.stringify(measurement));
    return `measurement:${path}`;
  }

  /** A pull request's gate with a head that was measured before: it boots nothing in any case. */
  async function gate(more: Readonly<Record<string, string>> = {}) {
    const pull = world.pushPullRequest({ 'README.md': 'Read me.\n' });
    const step = await run('pull-request.yml', pull.event, {
      inputs: { ...inputs, head: recordOf(side('head')), ...more },
    });
    expect(bootedSides(step.log)).toEqual([]);
    const [check, ...others] = world.github.checks(pull.headSha);
    expect(others).toEqual([]);
    const [comment] = await world.github.comments();
    const { outcome, verdict } = step.outputs;
    return {
      step,
      told: { exit: step.exitCode, outcome, check: check?.conclusion },
      verdict,
      body: comment?.body,
    };
  }

  const passed = { exit: 0, outcome: 'pass', check: 'success' };
  const noBaseline = { exit: 0, outcome: 'no-baseline', check: 'neutral' };
  const stored = side('base');

  test('takes what a push has stored of the commit', async () => {
    const commit = await store(stored);
    const { step, told, body } = await gate();
    expect(told, step.log).toEqual(passed);
    expect(warningsOf(step)).toEqual([]);
    expect(body).toContain(`compared with base [\`main (${commit.slice(0, 7)})\`]`);

    evict('baseline');
    const fromHistory = await gate();
    expect(fromHistory.told, fromHistory.step.log).toEqual(passed);
    expect(fromHistory.body).toContain(`compared with base [\`main (${commit.slice(0, 7)})\`]`);
    expect(fromHistory.body).not.toContain('stands in');
  });

  test('takes the newest of the branch where the commit has none, and says so', async () => {
    const older = await store(stored);
    const { commit } = world.pushMain({});
    const { step, told, body } = await gate();
    expect(told, step.log).toEqual(passed);
    expect(body).toContain(`compared with base [\`main (${older.slice(0, 7)})\`]`);
    expect(body).toContain(
      `note: commit ${commit.slice(0, 7)} has no stored measurement; the newest of main stands in, so changes of others may show`,
    );
  });

  test('with nothing stored is no baseline yet: neutral, with the numbers and what makes one', async () => {
    await store(stored);
    world.services.cache.clear();
    const { step, told, body } = await gate();
    expect(told, step.log).toEqual(noBaseline);
    expect(warningsOf(step)).toEqual([]);
    expect(body).toMatch(/^### 🔵 snapgate: no baseline yet: .* a run on push or schedule stores one$/mu);
    expect(body).toMatch(/^\| *`idle-2s` *\| *2\.50\sMiB *\|/mu);
  });

  test('of another machine is not comparable: the field and both values are said, and nothing is compared', async () => {
    const { fingerprint } = stored;
    const commit = await store({ ...stored, fingerprint: { ...fingerprint, hostCpu: 'Another CPU' } });
    const reason = `the stored measurement of ${commit.slice(0, 7)} is not used: hostCpu was "Another CPU" there and is "Example CPU" here`;
    const { step, told, body } = await gate();
    expect(told, step.log).toEqual({ exit: 0, outcome: 'not-comparable', check: 'neutral' });
    expect(body).toContain(`snapgate: not comparable: ${reason}`);
    expect(body).not.toMatch(/🔴|🟢/u);
    const strict = await gate({ inconclusive: 'fail' });
    expect(strict.told, strict.step.log).toEqual({ exit: 2, outcome: 'not-comparable', check: 'failure' });
  });

  test('with fewer boots than the head has is not used', async () => {
    const commit = await store(side('base', undefined, { boots: 3 }));
    const { step, told, body } = await gate();
    expect(told, step.log).toEqual({ exit: 0, outcome: 'not-comparable', check: 'neutral' });
    expect(body).toContain(
      `the stored measurement of ${commit.slice(0, 7)} is not used: it has 3 of the 5 boots that this run asks for`,
    );
  });

  test.each([
    [
      'breaks its schema',
      (_: string, content: Buffer) =>
        Buffer.from(content.toString().replace('"side":"base"', '"side":"</b>"')),
    ],
    [
      'is of another commit than its name says',
      (_: string, content: Buffer) =>
        Buffer.from(content.toString().replace(/"commit":"[0-9a-f]{40}"/g, `"commit":"${'c'.repeat(40)}"`)),
    ],
    ['is no archive', undefined],
  ])('one that %s is ignored, with one warning', async (_, edit) => {
    await store(stored);
    world.services.cache.poison(/^snapgate-baseline-/, edit);
    evict('history');
    const { step, told, body } = await gate();
    expect(told, step.log).toEqual(noBaseline);
    expect(warningsOf(step), step.log).toEqual([
      expect.stringMatching(/ignored: .*It can be deleted under Actions, Caches/),
    ]);
    expect(body).toMatch(/^### 🔵 snapgate: no baseline yet: /mu);
  });
});

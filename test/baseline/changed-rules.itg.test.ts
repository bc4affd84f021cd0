import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { changedRules } from '../../src/baseline/changed-rules.ts';
import { openGit } from '../../src/baseline/git.ts';
import { inputs } from '../../src/config/inputs.ts';
import { commitFiles, createOrigin, type Files, temporaryFolder, writeFiles } from './repository.ts';
import { openTestRun, type TestRun } from './test-run.ts';

let folder: ReturnType<typeof temporaryFolder>;
let current: TestRun;
let clone: string;
beforeEach(() => {
  folder = temporaryFolder();
  current = openTestRun(folder.path);
  ({ clone } = createOrigin(folder.path));
});
afterEach(() => {
  current[Symbol.dispose]();
  folder[Symbol.dispose]();
});

interface Head {
  readonly path: string;
  readonly text: string;
}

/** What is told of a head with this file, where base has those. */
function told(
  base: Files,
  head: Head | undefined,
  { given, below = '' }: { given?: string; below?: string } = {},
) {
  const commit = commitFiles(clone, { 'README.md': 'x\n', ...base });
  return changedRules(
    openGit(current.run, `${clone}/${below}`),
    { commit, label: 'commit abc' },
    given,
    head,
  );
}

const at = (text: string, path = 'snapgate.yml'): Head => ({ path, text });

describe('a setting', () => {
  test.each([
    ['fail-above: 100000%', 'fail-above "100000%" where base says "5%"'],
    ['fail-above: 5%\n  min-growth: 1GiB', 'min-growth "1GiB" where base says nothing'],
    ['boots: 3', 'nothing of fail-above where base says "5%"', 'boots "3" where base says nothing'],
    ['fail-above: 5%\n  metrics: [resumeMs]', 'metrics "resumeMs" where base says nothing'],
    ['fail-above: 5%\n  scenarios: pause', 'scenarios "pause" where base says nothing'],
    ['fail-above: 5%\n  rootfs: tiny.tar', 'rootfs "tiny.tar" where base says nothing'],
    ['fail-above: 5%\n  accel: tcg', 'accel "tcg" where base says nothing'],
    ['fail-above: 5%\n  prepare-command: ./vm', 'prepare-command "./vm" where base says nothing'],
  ])('%j that differs is told', async (head, ...expected) => {
    const sentences = await told(
      { 'snapgate.yml': 'defaults:\n  fail-above: 5%\n' },
      at(`defaults:\n  ${head}\n`),
    );
    expect(sentences).toEqual(expected.map((each) => `snapgate.yml of head says ${each}`));
  });

  test.each(inputs.filter(({ inFile }) => inFile))(
    'of any kind that may stand there is told ($name)',
    async (input) => {
      const samples = { count: '1', flag: 'true' } as const;
      const value = input.choices?.[0] ?? new Map(Object.entries(samples)).get(input.type) ?? 'x';
      const sentences = await told({ 'snapgate.yml': '' }, at(`defaults:\n  ${input.name}: ${value}\n`));
      expect(sentences).toEqual([expect.stringContaining(`head says ${input.name} "`)]);
    },
  );

  test('that is written otherwise, or in another order, is the same', async () => {
    const base = { 'snapgate.yml': 'defaults: {boots: 4, fail-above: "5%"}\n' };
    expect(await told(base, at('# mine\ndefaults:\n  fail-above: 5%\n  boots: 4\n'))).toEqual([]);
  });

  test('is told on one line, and cut', async () => {
    const text = `defaults:\n  ready-command: "a\\n| <!-- ${'x'.repeat(500)}"\n`;
    const [sentence = ''] = await told({ 'snapgate.yml': '' }, at(text));
    expect(sentence).toMatch(/ready-command "a\\n\| <!-- x{51}…" where/);
    expect(sentence).not.toContain('\n');
  });
});

describe('thresholds of one scenario and metric', () => {
  const gate = (thresholds: string) => `gate: {pause: {memfile.writtenBytes: ${thresholds}}}\n`;
  const start = 'snapgate.yml of head says';
  const what = 'thresholds of memfile.writtenBytes in pause';

  test.each([
    [gate('{max: 12MiB}'), gate('{max: 12GiB}'), `${start} ${what} "max 12GiB" where base says "max 12MiB"`],
    [gate('{fail-above: 3%}'), '', `${start} nothing of ${what} where base says "fail-above 3%"`],
    ['', gate('{}'), `${start} ${what} "the general ones" where base says nothing`],
  ])('%j, then %j', async (base, head, sentence) => {
    expect(await told({ 'snapgate.yml': base }, at(head))).toEqual([sentence]);
  });

  test('of equal size in other units are the same', async () => {
    expect(await told({ 'snapgate.yml': gate('{max: 1MiB}') }, at(gate('{max: 1024KiB}')))).toEqual([]);
  });

  test('of a scenario that has the name of what every object has', async () => {
    const base = 'scenarios: {constructor: {}}\ngate: {constructor: {resumeMs: {max: 1s}}}\n';
    expect(await told({ 'snapgate.yml': base }, at(''))).toEqual([
      `${start} nothing of thresholds of resumeMs in constructor where base says "max 1s"`,
      'scenario constructor of commit abc is no longer measured',
    ]);
  });
});

test('scenarios that are gone or do something else are told, and new ones are not', async () => {
  const base = 'scenarios:\n  turn: {run: work, check: "true"}\n  gone: {run: x}\n  same: {settle: 1s}\n';
  const head = 'scenarios:\n  turn: {run: "true", repeat: 2}\n  same: {settle: 1000ms}\n  new: {}\n';
  expect(await told({ 'snapgate.yml': base }, at(head))).toEqual([
    'scenario gone of commit abc is no longer measured',
    'snapgate.yml of head says run of scenario turn "true" where base says "work"',
    'snapgate.yml of head says nothing of check of scenario turn where base says "true"',
    'snapgate.yml of head says repeat of scenario turn "2" where base says "1"',
  ]);
});

test('what decides comes before any number of other changes', async () => {
  const many = Array.from({ length: 60 }, (_, n) => `  s${n}: {run: "RUN"}`).join('\n');
  const text = (percent: string, run: string) =>
    `defaults: {rootfs: ${run}, fail-above: ${percent}}\nscenarios:\n${many.replaceAll('RUN', run)}\n`;
  const sentences = await told({ 'snapgate.yml': text('5%', 'a') }, at(text('99%', 'b')));
  expect(sentences).toHaveLength(21);
  expect(sentences[0]).toContain('fail-above "99%"');
  expect(sentences.at(-1)).toBe('and 42 more in snapgate.yml');
});

describe('the file itself', () => {
  const strict = 'defaults: {fail-above: 1%}\n';

  test('in the root takes the place of the one in .github, which is said', async () => {
    const sentences = await told({ '.github/snapgate.yml': strict }, at('defaults: {fail-above: 90%}\n'));
    expect(sentences).toEqual([
      'head is judged by snapgate.yml, and no longer by .github/snapgate.yml, which base has',
      'snapgate.yml of head says fail-above "90%" where base says "1%"',
    ]);
  });

  test('that is gone leaves the defaults, which is said', async () => {
    expect(await told({ 'snapgate.yml': strict }, undefined)).toEqual([
      'head has no snapgate.yml, which base has: defaults hold',
      'snapgate.yml of head says nothing of fail-above where base says "1%"',
    ]);
  });

  test('that nobody has says nothing, and all that a new one decides is told', async () => {
    expect(await told({}, undefined)).toEqual([]);
    expect(await told({}, at(strict))).toEqual([
      'snapgate.yml of head says fail-above "1%" where base says nothing',
    ]);
  });

  test('of base that cannot be read is told', async () => {
    const sentences = await told({ 'snapgate.yml': 'defaults: {base: none}\n' }, at(strict));
    expect(sentences).toEqual([
      'snapgate.yml of commit abc cannot be read, so what head changes in it is not told',
    ]);
  });

  test.each(['ci/gate.yml', './ci/gate.yml', 'ci/../ci/gate.yml'])(
    'is where it was given: %s',
    async (given) => {
      const base = { 'ci/gate.yml': strict, 'snapgate.yml': 'defaults: {boots: 9}\n' };
      expect(await told(base, at('', given), { given })).toEqual([
        `${given} of head says nothing of fail-above where base says "1%"`,
      ]);
    },
  );

  test('is found from a folder of the repository, and not in another one', async () => {
    writeFiles(clone, { 'guest/x': '' });
    const base = { 'guest/snapgate.yml': strict, 'snapgate.yml': 'defaults: {boots: 9}\n' };
    expect(await told(base, at(strict), { below: 'guest' })).toEqual([]);
  });
});

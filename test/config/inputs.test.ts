import { describe, expect, it } from 'vitest';
import { readConfig, readInstall, readMode, requireImage } from '../../src/config/config.ts';
import { inputs } from '../../src/config/inputs.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import type { Config } from '../../src/config/types.ts';

const mebi = 1024 ** 2;
const minute = 60_000;

interface Case {
  readonly input: string;
  /** Where it ends up. */
  readonly pick: (config: Config) => unknown;
  readonly byDefault: unknown;
  /** An input's text, with what it means. */
  readonly given: readonly [string, unknown];
  /** What stands under `defaults:`, with what it means; undefined where it may not stand there. */
  readonly inFile: readonly [string, unknown] | undefined;
  /** What has to be given with it. */
  readonly beside?: Readonly<Record<string, string>>;
}

const rootfsOf = ({ image }: Config) => image?.rootfs;
const dockerfileOf = (config: Config) => {
  const rootfs = rootfsOf(config);
  return rootfs?.kind === 'dockerfile' ? rootfs : undefined;
};
const scenariosOf = ({ measure }: Config) => measure.scenarios.map(({ name }) => name);
const everyScenario = builtInScenarios.map(({ name }) => name);
const dockerfile = (name: string) => ({
  kind: 'dockerfile',
  dockerfile: name,
  context: '.',
  buildArgs: {},
  target: undefined,
});

const engineOf = ({ measure }: Config) => measure.engine;
/** A field of the engine's settings, where it has it. */
const setting = (field: string) => (config: Config) => new Map(Object.entries(engineOf(config))).get(field);
/** Engine command needs all of them: what that means is in engine.test.ts. */
const neededCommands = ['prepare-command', 'resume-command', 'pause-command'];
const commands = {
  engine: 'command',
  'prepare-command': './vm',
  'resume-command': './vm',
  'pause-command': './vm',
};

/** One row for every input that ends up in a Config. */
const cases: readonly Case[] = [
  {
    input: 'dockerfile',
    pick: rootfsOf,
    byDefault: undefined,
    given: ['guest/Dockerfile', dockerfile('guest/Dockerfile')],
    inFile: ['Containerfile', dockerfile('Containerfile')],
  },
  {
    input: 'context',
    pick: (config) => dockerfileOf(config)?.context,
    byDefault: '.',
    given: ['guest', 'guest'],
    inFile: ['..', '..'],
    beside: { dockerfile: 'D' },
  },
  {
    input: 'build-args',
    pick: (config) => dockerfileOf(config)?.buildArgs,
    byDefault: {},
    given: ['A=1\n\r\n B=two = 2 \n', { A: '1', B: 'two = 2' }],
    inFile: ['[C=3, D=]', { C: '3', D: '' }],
    beside: { dockerfile: 'D' },
  },
  {
    input: 'target',
    pick: (config) => dockerfileOf(config)?.target,
    byDefault: undefined,
    given: ['guest', 'guest'],
    inFile: ['prod', 'prod'],
    beside: { dockerfile: 'D' },
  },
  {
    input: 'image',
    pick: rootfsOf,
    byDefault: undefined,
    given: ['guest:latest', { kind: 'image', reference: 'guest:latest' }],
    inFile: ['guest.oci.tar', { kind: 'image', reference: 'guest.oci.tar' }],
  },
  {
    input: 'rootfs',
    pick: rootfsOf,
    byDefault: undefined,
    given: ['guest.ext4', { kind: 'rootfs', path: 'guest.ext4' }],
    inFile: ['out/rootfs', { kind: 'rootfs', path: 'out/rootfs' }],
  },
  {
    input: 'build-command',
    pick: rootfsOf,
    byDefault: { kind: 'rootfs', path: 'out.tar' },
    given: ['make rootfs', { kind: 'build-command', command: 'make rootfs', path: 'out.tar' }],
    inFile: ['|\n    make\n    cp a b', { kind: 'build-command', command: 'make\ncp a b', path: 'out.tar' }],
    beside: { rootfs: 'out.tar' },
  },
  {
    input: 'kernel',
    pick: ({ image }) => image?.kernel,
    byDefault: 'auto',
    given: ['vmlinuz', 'vmlinuz'],
    inFile: ['boot/vmlinuz', 'boot/vmlinuz'],
    beside: { rootfs: 'r' },
  },
  {
    input: 'initrd',
    pick: ({ image }) => image?.initrd,
    byDefault: 'auto',
    given: ['none', 'none'],
    inFile: ['initrd.img', 'initrd.img'],
    beside: { rootfs: 'r' },
  },
  {
    input: 'disk-size',
    pick: ({ image }) => image?.diskSizeBytes,
    byDefault: 2048 * mebi,
    given: ['16MiB', 16 * mebi],
    inFile: ['1 GiB', 1024 * mebi],
    beside: { rootfs: 'r' },
  },
  {
    input: 'base',
    pick: ({ base }) => base,
    byDefault: { kind: 'auto' },
    given: ['ref:main', { kind: 'ref', ref: 'main' }],
    inFile: undefined,
  },
  {
    input: 'memory-size',
    pick: ({ measure }) => measure.memoryBytes,
    byDefault: 512 * mebi,
    given: ['64MiB', 64 * mebi],
    inFile: ['2GiB', 2048 * mebi],
  },
  {
    input: 'vcpus',
    pick: ({ measure }) => measure.vcpus,
    byDefault: 1,
    given: ['64', 64],
    inFile: ['2', 2],
  },
  {
    input: 'engine',
    pick: engineOf,
    byDefault: { kind: 'qemu', accel: 'auto' },
    given: ['qemu', { kind: 'qemu', accel: 'auto' }],
    inFile: ['qemu', { kind: 'qemu', accel: 'auto' }],
  },
  {
    input: 'accel',
    pick: setting('accel'),
    byDefault: 'auto',
    given: ['tcg', 'tcg'],
    inFile: ['kvm', 'kvm'],
  },
  {
    input: 'huge-pages',
    pick: setting('hugePages'),
    byDefault: true,
    given: ['none', false],
    inFile: ['2M', true],
    beside: { engine: 'e2b' },
  },
  {
    input: 'firecracker-binary',
    pick: setting('binary'),
    byDefault: 'firecracker',
    given: ['/opt/fc', '/opt/fc'],
    inFile: undefined,
    beside: { engine: 'firecracker' },
  },
  {
    input: 'firecracker-version',
    pick: setting('version'),
    byDefault: undefined,
    given: ['1.12.1', '1.12.1'],
    inFile: ['v1.7.0', '1.7.0'],
    beside: { engine: 'firecracker' },
  },
  {
    input: 'jailer',
    pick: setting('jailer'),
    byDefault: false,
    given: ['true', true],
    inFile: ['true', true],
    beside: { engine: 'firecracker' },
  },
  {
    input: 'e2b-infra',
    pick: setting('infra'),
    byDefault: undefined,
    given: ['/src/infra', '/src/infra'],
    inFile: ['infra', 'infra'],
    beside: { engine: 'e2b' },
  },
  {
    input: 'e2b-tools',
    pick: setting('tools'),
    byDefault: undefined,
    given: ['/opt/tools', '/opt/tools'],
    inFile: ['bin', 'bin'],
    beside: { engine: 'e2b' },
  },
  {
    input: 'e2b-storage',
    pick: setting('storage'),
    byDefault: undefined,
    given: ['gs://bucket', 'gs://bucket'],
    inFile: undefined,
    beside: { engine: 'e2b' },
  },
  ...(['cleanup', 'version'] as const).map((name) => ({
    input: `${name}-command`,
    pick: setting(name),
    byDefault: undefined,
    given: ['make vm', 'make vm'] as const,
    inFile: ['./go', './go'] as const,
    beside: commands,
  })),
  {
    input: 'memfile',
    pick: setting('memfile'),
    byDefault: 'memfile',
    given: ['ch/memory-ranges', 'ch/memory-ranges'],
    inFile: ['ram', 'ram'],
    beside: commands,
  },
  {
    input: 'rootfs-file',
    pick: setting('rootfsFile'),
    byDefault: undefined,
    given: ['disk.raw', 'disk.raw'],
    inFile: ['disk', 'disk'],
    beside: commands,
  },
  {
    input: 'format',
    pick: setting('format'),
    byDefault: 'raw',
    given: ['e2b', 'e2b'],
    inFile: ['sparse-diff', 'sparse-diff'],
    beside: commands,
  },
  {
    input: 'command-timeout',
    pick: setting('timeoutMs'),
    byDefault: 10 * minute,
    given: ['30s', 30_000],
    inFile: ['1min', minute],
    beside: commands,
  },
  {
    input: 'boots',
    pick: ({ measure }) => measure.boots,
    byDefault: 2,
    given: [' 100 ', 100],
    inFile: ['1', 1],
  },
  {
    input: 'max-boots',
    pick: ({ measure }) => measure.maxBoots,
    byDefault: 10,
    given: ['2', 2],
    inFile: ['100', 100],
  },
  {
    input: 'cycles',
    pick: ({ measure }) => measure.cycles,
    byDefault: 10,
    given: ['1000', 1000],
    inFile: ['1', 1],
  },
  {
    input: 'warmup',
    pick: ({ measure }) => measure.warmup,
    byDefault: 2,
    given: ['0', 0],
    inFile: ['100', 100],
  },
  {
    input: 'scenarios',
    pick: scenariosOf,
    byDefault: everyScenario,
    given: ['spawn, pause', ['pause', 'spawn']],
    inFile: ['[idle-2s]', ['idle-2s']],
  },
  {
    input: 'ready-command',
    pick: ({ measure }) => measure.readyCommand,
    byDefault: undefined,
    given: ['test -e /ready', 'test -e /ready'],
    inFile: ['"true"', 'true'],
  },
  {
    input: 'boot-timeout',
    pick: ({ measure }) => measure.bootTimeoutMs,
    byDefault: 3 * minute,
    given: ['1s', 1000],
    inFile: ['1h', 60 * minute],
  },
  {
    input: 'time-budget',
    pick: ({ measure }) => measure.timeBudgetMs,
    byDefault: 45 * minute,
    given: ['1.5min', 90_000],
    inFile: ['1000ms', 1000],
  },
  {
    input: 'metrics',
    pick: ({ gate }) => gate.gatedMetrics,
    byDefault: ['memfile.writtenBytes'],
    given: ['resumeMs memfile.hugeBytes,resumeMs', ['resumeMs', 'memfile.hugeBytes']],
    inFile: ['[pauseMs]', ['pauseMs']],
  },
  {
    input: 'fail-above',
    pick: ({ gate }) => gate.defaults.failAbove,
    byDefault: 0.05,
    given: ['12.5 %', 0.125],
    inFile: ['0%', 0],
  },
  {
    input: 'warn-above',
    pick: ({ gate }) => gate.defaults.warnAbove,
    byDefault: undefined,
    given: ['2%', 0.02],
    inFile: ['0%', 0],
  },
  {
    input: 'min-growth',
    pick: ({ gate }) => gate.defaults.minGrowth,
    byDefault: 256 * 1024,
    given: ['0B', 0],
    inFile: ['1MB', 1e6],
  },
  {
    input: 'max-trend',
    pick: ({ gate }) => gate.defaults.maxTrend,
    byDefault: undefined,
    given: ['12KiB', 12 * 1024],
    inFile: ['0B', 0],
  },
  {
    input: 'max-memfile-written',
    pick: ({ gate }) => gate.caps['memfile.writtenBytes'],
    byDefault: undefined,
    given: ['8MiB', 8 * mebi],
    inFile: ['9MiB', 9 * mebi],
  },
  {
    input: 'max-memfile-changed',
    pick: ({ gate }) => gate.caps['memfile.changedBytes'],
    byDefault: undefined,
    given: ['8MiB', 8 * mebi],
    inFile: ['9MiB', 9 * mebi],
  },
  {
    input: 'max-rootfs-written',
    pick: ({ gate }) => gate.caps['rootfs.writtenBytes'],
    byDefault: undefined,
    given: ['8MiB', 8 * mebi],
    inFile: ['9MiB', 9 * mebi],
  },
  {
    input: 'max-drift',
    pick: ({ gate }) => gate.drift.max,
    byDefault: undefined,
    given: ['10%', 0.1],
    inFile: ['12.5%', 0.125],
  },
  {
    input: 'drift-window',
    pick: ({ gate }) => gate.drift.windowMs,
    byDefault: 30 * 24 * 60 * minute,
    given: ['90d', 90 * 24 * 60 * minute],
    inFile: ['48h', 48 * 60 * minute],
  },
  {
    input: 'drift-from',
    pick: ({ gate }) => gate.drift.from,
    byDefault: undefined,
    given: ['v1.2.0', 'v1.2.0'],
    inFile: undefined,
  },
  {
    input: 'inconclusive',
    pick: ({ gate }) => gate.inconclusive,
    byDefault: 'pass',
    given: ['fail', 'fail'],
    inFile: ['fail', 'fail'],
  },
  {
    input: 'comment',
    pick: ({ github }) => github.comment.policy,
    byDefault: 'auto',
    given: ['on-change', 'on-change'],
    inFile: undefined,
  },
  {
    input: 'comment-key',
    pick: ({ github }) => github.comment.key,
    byDefault: 'default',
    given: ['arm.64_a-B', 'arm.64_a-B'],
    inFile: undefined,
  },
  {
    input: 'check',
    pick: ({ github }) => github.check,
    byDefault: true,
    given: ['false', false],
    inFile: undefined,
  },
  {
    input: 'accept-label',
    pick: ({ github }) => github.accept.label,
    byDefault: 'snapshot-growth-accepted',
    given: ['it is fine: really', 'it is fine: really'],
    inFile: undefined,
  },
  {
    input: 'accept-scope',
    pick: ({ github }) => github.accept.scope,
    byDefault: 'size',
    given: ['commit', 'commit'],
    inFile: undefined,
  },
  {
    input: 'on-push',
    pick: ({ github }) => github.onPush,
    byDefault: 'warn',
    given: ['fail', 'fail'],
    inFile: undefined,
  },
  {
    input: 'artifact',
    pick: ({ github }) => github.artifact,
    byDefault: 'auto',
    given: ['always', 'always'],
    inFile: undefined,
  },
  {
    input: 'baseline-branch',
    pick: ({ github }) => github.baselineBranch,
    byDefault: undefined,
    given: ['snapgate/baselines-1.x', 'snapgate/baselines-1.x'],
    inFile: undefined,
  },
  {
    input: 'side',
    pick: ({ github }) => github.matrix.side,
    byDefault: 'head',
    given: ['both', 'both'],
    inFile: undefined,
  },
  {
    input: 'entry',
    pick: ({ github }) => github.matrix.entry,
    byDefault: undefined,
    given: ['small.1', 'small.1'],
    inFile: undefined,
  },
  {
    input: 'shard',
    pick: ({ github }) => github.matrix.shard,
    byDefault: undefined,
    given: ['2', '2'],
    inFile: undefined,
  },
  {
    input: 'entries',
    pick: ({ github }) => github.matrix.entries,
    byDefault: undefined,
    given: ['small, large\nsmall', ['small', 'large']],
    inFile: undefined,
  },
  {
    input: 'allow-missing',
    pick: ({ github }) => github.matrix.allowMissing,
    byDefault: false,
    given: ['true', true],
    inFile: undefined,
  },
  {
    input: 'allow-forks',
    pick: ({ github }) => github.allowForks,
    byDefault: false,
    given: ['true', true],
    inFile: undefined,
  },
  {
    input: 'fail',
    pick: ({ github }) => github.fail,
    byDefault: true,
    given: ['false', false],
    inFile: undefined,
  },
  {
    input: 'dry-run',
    pick: ({ github }) => github.dryRun,
    byDefault: false,
    given: ['true', true],
    inFile: undefined,
  },
  {
    input: 'head',
    pick: ({ head }) => head,
    byDefault: { kind: 'checkout' },
    given: ['ref:v1', { kind: 'ref', ref: 'v1' }],
    inFile: undefined,
  },
  {
    input: 'output-dir',
    pick: ({ outputDir }) => outputDir,
    byDefault: 'snapgate-report',
    given: ['out', 'out'],
    inFile: undefined,
  },
  {
    input: 'work-dir',
    pick: ({ workDir }) => workDir,
    byDefault: undefined,
    given: ['/scratch', '/scratch'],
    inFile: undefined,
  },
  {
    input: 'cache-dir',
    pick: ({ cacheDir }) => cacheDir,
    byDefault: undefined,
    given: ['/cache', '/cache'],
    inFile: undefined,
  },
  {
    input: 'cache-limit',
    pick: ({ cacheLimitBytes }) => cacheLimitBytes,
    byDefault: 8192 * mebi,
    given: ['0B', 0],
    inFile: undefined,
  },
];

/** Read by whoever starts a run, before or beside its Config. */
const readElsewhere = ['mode', 'install', 'config', 'pr-number', 'github-token'];

function read(given: Record<string, string>, defaults?: string): Config {
  const file = defaults === undefined ? undefined : { path: 'snapgate.yml', text: `defaults:\n${defaults}` };
  return readConfig(given, file);
}

describe('every input', () => {
  it('has a row here', () => {
    expect([...cases.map(({ input }) => input), ...readElsewhere, ...neededCommands].toSorted()).toEqual(
      inputs.map(({ name }) => name).toSorted(),
    );
  });

  it.each(cases)('$input has its default', ({ pick, byDefault, beside = {} }) => {
    expect(pick(read(beside))).toEqual(byDefault);
  });

  it.each(cases)(
    '$input is read, and an empty one is not given',
    ({ input, pick, given, byDefault, beside }) => {
      expect(pick(read({ ...beside, [input]: given[0] }))).toEqual(given[1]);
      expect(pick(read({ ...beside, [input]: ' \n' }))).toEqual(byDefault);
    },
  );

  it.each(cases.filter(({ inFile }) => inFile))(
    '$input of snapgate.yml holds where no input is given, which is stronger',
    ({ input, pick, given, inFile, beside = {} }) => {
      const others = Object.entries(beside).map(([name, text]) => `  ${name}: ${text}\n`);
      const defaults = `${others.join('')}  ${input}: ${inFile?.[0]}\n`;
      expect(pick(read({}, defaults))).toEqual(inFile?.[1]);
      expect(pick(read({ ...beside, [input]: given[0] }, defaults))).toEqual(given[1]);
      expect(pick(read({ [input]: '' }, defaults))).toEqual(inFile?.[1]);
    },
  );

  it.each([...cases.filter(({ inFile }) => !inFile).map(({ input }) => input), ...readElsewhere])(
    '%s may not stand in snapgate.yml',
    (input) => {
      expect(() => read({}, `  ${input}: x\n`)).toThrow(
        `snapgate.yml:2:3: no input that may stand here is called "${input}"`,
      );
    },
  );

  it('has a default here that is the one of the documentation', () => {
    for (const { input, pick, byDefault, beside = {} } of cases) {
      const documented = inputs.find(({ name }) => name === input)?.default ?? '';
      if (documented !== '') expect(pick(read({ ...beside, [input]: documented }))).toEqual(byDefault);
    }
  });

  it('that does not exist is an error with the nearest name and all that do', () => {
    expect(() => readConfig({ 'fail-abov': '5%' }, undefined)).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: 'inputs: no input is called "fail-abov"; did you mean fail-above?',
        remedy: `These exist: ${inputs.map(({ name }) => name).join(', ')}.`,
      }),
    );
  });
});

describe('what an input refuses', () => {
  const number = /"[^"]*" is not a whole number/;
  const bounds = /is out of bounds$/;
  const size = /is not a size$/;
  const time = /is not a time$/;
  const percent = /is not a percentage$/;

  it.each([
    ['boots', '0', bounds],
    ['boots', '101', bounds],
    ['boots', '-1', number],
    ['boots', '+1', number],
    ['boots', '1e3', number],
    ['boots', '5.0', number],
    ['boots', '0x5', number],
    ['boots', '５', number],
    ['boots', '1 000', number],
    ['boots', '10000000000', number],
    ['max-boots', '0', bounds],
    ['max-boots', '101', bounds],
    ['max-boots', '1', /^max-boots: 1 is fewer than boots, 2, after which a gate first looks$/],
    ['cycles', '0', bounds],
    ['cycles', '1001', bounds],
    ['warmup', '101', bounds],
    ['vcpus', '0', bounds],
    ['vcpus', '65', bounds],
    ['memory-size', '512', size],
    ['memory-size', '512M', size],
    ['memory-size', '512mib', size],
    ['memory-size', '1e3MiB', size],
    ['memory-size', '-512MiB', size],
    ['memory-size', '63MiB', bounds],
    ['memory-size', '65GiB', bounds],
    ['memory-size', '64.5MiB', /is not a multiple of 1MiB$/],
    ['min-growth', '0.3B', size],
    ['min-growth', '5%', size],
    ['cache-limit', '20000GiB', bounds],
    ['max-rootfs-written', '8', size],
    ['time-budget', '45', time],
    ['time-budget', '45m', time],
    ['time-budget', '0s', bounds],
    ['time-budget', '121h', bounds],
    ['boot-timeout', '999ms', bounds],
    ['boot-timeout', '61min', bounds],
    ['fail-above', '5', percent],
    ['fail-above', '0.05', percent],
    ['fail-above', '-5%', percent],
    ['fail-above', '5 percent', percent],
    ['fail-above', '%', percent],
    ['accel', 'KVM', /no choice is called "KVM"; did you mean kvm\?$/],
    ['inconclusive', 'warn', /no choice is called "warn"$/],
    ['comment', 'true', /no choice is called "true"$/],
    ['comment', 'onchange', /no choice is called "onchange"; did you mean on-change\?$/],
    ['fail', 'TRUE', /no choice is called "TRUE"; did you mean true\?$/],
    ['dry-run', 'yes', /no choice is called "yes"$/],
    ['accept-scope', 'commits', /no choice is called "commits"; did you mean commit\?$/],
    ['accept-label', 'x'.repeat(51), /cannot be a label$/],
    ['accept-label', 'a\nb', /cannot be a label$/],
    ['baseline-branch', '--force', /cannot be a branch$/],
    ['baseline-branch', '../main', /cannot be a branch$/],
    ['baseline-branch', 'a..b', /cannot be a branch$/],
    ['baseline-branch', 'a/.b', /cannot be a branch$/],
    ['baseline-branch', 'a.lock', /cannot be a branch$/],
    ['baseline-branch', 'a:refs/heads/main', /cannot be a branch$/],
    ['entry', '../x', /cannot be a key$/],
    ['shard', 'a b', /cannot be a key$/],
    ['entries', 'a, </details>', /cannot be a key$/],
    ['head', 'main', /is not a head$/],
    ['head', 'auto', /is not a head$/],
    ['head', 'ref:-x', /cannot be a git ref$/],
    ['comment-key', 'a b', /cannot be a key$/],
    ['comment-key', '-->', /cannot be a key$/],
    ['comment-key', 'x'.repeat(65), /cannot be a key$/],
    ['metrics', 'memfile.writenBytes', /no metric .*; did you mean memfile\.writtenBytes\?$/],
    ['metrics', ',', /no name is given$/],
    ['scenarios', 'idle-2', /no scenario is called "idle-2"; did you mean idle-2s\?$/],
    ['scenarios', 'pause __proto__', /no scenario is called "__proto__"$/],
    ['build-args', 'A', /"A" is not a build argument$/],
    ['build-args', 'A=1\nB-C=2', /"B-C=2" is not a build argument$/],
    ['build-args', '=1', /is not a build argument$/],
  ])('%s: %j', (input, text, message) => {
    const beside = input === 'build-args' ? { dockerfile: 'D' } : {};
    const refusal = () => readConfig({ ...beside, [input]: text }, undefined);
    expect(refusal).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringMatching(message) }),
    );
    expect(refusal).toThrow(new RegExp(`^${input}: `));
  });

  it('shows at most 60 characters of it, on one line', () => {
    expect(() => readConfig({ boots: `1\n\u001b[31m${'9'.repeat(5000)}` }, undefined)).toThrow(
      /^boots: "1\\n\\u001b\[31m9{53}…" is not a whole number$/,
    );
  });

  it('names every choice, metric and scenario that there is', () => {
    const remedyOf = (input: string) => {
      try {
        readConfig({ [input]: 'nothing-like-it' }, undefined);
      } catch (error) {
        return error instanceof Error && 'remedy' in error ? error.remedy : undefined;
      }
      return undefined;
    };
    expect(remedyOf('comment')).toBe('These exist: auto, always, on-change, on-failure, never.');
    expect(remedyOf('accel')).toBe('These exist: auto, kvm, tcg.');
    expect(remedyOf('scenarios')).toBe(`These exist: ${[...everyScenario, 'all'].join(', ')}.`);
    expect(remedyOf('metrics')).toContain('memfile.writtenBytes, memfile.changedBytes');
  });

  it('says a warning that is no warning with the place it came from', () => {
    expect(() => readConfig({ 'warn-above': '5%' }, undefined)).toThrow(
      'warn-above: warn-above (5%) is not below fail-above (5%)',
    );
    expect(() => read({ 'fail-above': '1%' }, '  warn-above: 2%\n')).toThrow(
      'snapgate.yml:2:15: warn-above: warn-above (2%) is not below fail-above (1%)',
    );
  });
});

describe('scenarios', () => {
  it('run in the order they are defined, whatever the order they are named in, each once', () => {
    expect(scenariosOf(read({ scenarios: 'spawn\npause,spawn  idle-2s' }))).toEqual([
      'pause',
      'idle-2s',
      'spawn',
    ]);
  });

  it('all, alone or among others, is all of them and the file’s own', () => {
    const file = { path: 'snapgate.yml', text: 'scenarios: {mine: {}}' };
    for (const scenarios of ['all', 'pause all', '']) {
      expect(scenariosOf(readConfig({ scenarios }, file))).toEqual([...everyScenario, 'mine']);
    }
  });
});

describe('the image source', () => {
  const sources = {
    dockerfile: { dockerfile: 'D' },
    image: { image: 'i' },
    rootfs: { rootfs: 'r' },
    command: { 'build-command': 'make', rootfs: 'r' },
  };
  const pairs = Object.entries(sources).flatMap(([a, first]) =>
    Object.entries(sources).flatMap(([b, second]) =>
      a < b ? [[a, b, { ...first, ...second }] as const] : [],
    ),
  );

  it.each(Object.entries(sources))('%s alone is enough', (_, given) => {
    expect(requireImage(readConfig(given, undefined))?.rootfs.kind).toBe(
      'build-command' in given ? 'build-command' : Object.keys(given)[0],
    );
  });

  it.each(pairs.filter(([a, b]) => !(a === 'command' && b === 'rootfs')))(
    '%s and %s are one too many',
    (_, __, given) => {
      expect(() => readConfig(given, undefined)).toThrow(/^more than one image source is given: \S+, \S+$/);
    },
  );

  it('missing is an error only for a run that needs one', () => {
    const config = readConfig({}, undefined);
    expect(config.image).toBeUndefined();
    expect(() => requireImage(config)).toThrow(
      expect.objectContaining({ code: 'usage', message: 'no image source is given' }),
    );
  });

  it('build-command needs to know what it leaves', () => {
    expect(() => readConfig({ 'build-command': 'make' }, undefined)).toThrow(
      'build-command is given without rootfs',
    );
    expect(() => readConfig({ 'build-command': 'make', image: 'i' }, undefined)).toThrow(
      'more than one image source is given: image, build-command',
    );
  });

  it.each(['context', 'build-args', 'target'])('%s belongs to a dockerfile', (input) => {
    expect(() => readConfig({ [input]: 'A=1' }, undefined)).toThrow(`${input} is given without dockerfile`);
    expect(() => readConfig({ [input]: 'A=1', rootfs: 'r' }, undefined)).toThrow(
      `${input} is given without dockerfile`,
    );
  });

  it('that is given takes the place of the file’s as a whole', () => {
    const file = '  dockerfile: D\n  context: guest\n  build-args: [A=1]\n  kernel: vmlinuz\n';
    expect(read({ rootfs: 'r' }, file).image).toMatchObject({
      rootfs: { kind: 'rootfs', path: 'r' },
      kernel: 'vmlinuz',
    });
    expect(read({ dockerfile: 'E' }, file).image?.rootfs).toEqual(dockerfile('E'));
    expect(read({ target: 't' }, file).image?.rootfs).toMatchObject({ context: 'guest', target: 't' });
    expect(read({ rootfs: 'r' }, '  build-command: make\n  rootfs: out\n').image?.rootfs).toEqual({
      kind: 'rootfs',
      path: 'r',
    });
  });

  it('that is an empty text in the file is not given', () => {
    expect(read({}, '  dockerfile: ""\n  image: " "\n  rootfs: r\n').image?.rootfs).toEqual({
      kind: 'rootfs',
      path: 'r',
    });
  });
});

describe('readMode', () => {
  it('is the gate unless told otherwise', () => {
    expect(readMode({})).toBe('gate');
    expect(readMode({ mode: '' })).toBe('gate');
    expect(readMode({ mode: ' measure ' })).toBe('measure');
    expect(readMode(new Map([['mode', 'measure']]))).toBe('measure');
  });

  it('names the modes there are', () => {
    expect(() => readMode({ mode: 'mesure' })).toThrow(
      expect.objectContaining({
        message: 'mode: no mode is called "mesure"; did you mean measure?',
        remedy: 'These exist: gate, measure, comment.',
      }),
    );
  });
});

describe('readInstall', () => {
  it('is no, unless told yes', () => {
    expect([readInstall({}), readInstall({ install: '' }), readInstall({ install: 'false' })]).toEqual([
      false,
      false,
      false,
    ]);
    expect(readInstall({ install: 'true' })).toBe(true);
    expect(() => readInstall({ install: 'yes' })).toThrow('install: no choice is called "yes"');
  });
});

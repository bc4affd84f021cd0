import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { git, temporaryFolder } from '../baseline/repository.ts';
import { type ActionsServices, startActionsServices } from '../github/actions-services.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import type { Fault } from '../github/faults.ts';
import { pullRequestEvent, pushEvent } from '../github/payloads.ts';
import { type FaultyGit, startFaultyGit } from './faulty-git.ts';
import { type ForkedPull, openForkedPull, plantArtifact, uploadedFiles } from './planted-artifact.ts';
import {
  baseSha,
  type EndedGate,
  endJob,
  failedHeadline,
  headSha,
  type RecordedGate,
  runRecordedGate,
} from './recorded-gate.ts';
import { openJob } from './runner.ts';
import { apiTroubles, badGateway, cut, dropped, type Failure, silence, tooFast } from './service-troubles.ts';
import { withoutMasks } from './workflow-commands.ts';

// Most of these runs wait.
vi.setConfig({ maxConcurrency: 24 });

const label = 'snapshot-growth-accepted';

/** Of a step beside the one that is told of. */
const untold = { comment: 'never', check: 'false' };

/** A run that waits for nothing but what failed is over by then, on a slow machine too. Seconds. */
const bound = 120;

/** Decides on the same two records every time: without trouble it fails, exits 1, and says nothing else. */
async function gate(more: Omit<RecordedGate, 'pullNumber'> & { github: GitHubEmulator }): Promise<EndedGate> {
  return await runRecordedGate({ pullNumber: more.github.pullNumber, ...more });
}

/** The verdict is what it would have been, and so many things beside it are said. All warnings, of the post step too. */
function expectUnmoved(ended: EndedGate, warnings: number): readonly string[] {
  const { job, exitCode, log, post } = ended;
  const said = [...ended.warnings, ...post.warnings];
  expect([exitCode, job.output('verdict')], log).toEqual([1, 'fail']);
  expect(ended.errors).toEqual([expect.stringContaining(`snapgate: ${failedHeadline}: `)]);
  expect([post.exitCode, post.errors]).toEqual([0, []]);
  expect(job.summary()).toContain(failedHeadline);
  expect(withoutMasks(log + post.log)).not.toContain('token-of-the-action');
  for (const { seconds } of [ended, post]) expect(seconds).toBeLessThan(bound);
  expect(said, log + post.log).toHaveLength(warnings);
  for (const warning of said) expect(warning).not.toMatch(/[\r\n\uFFFD]/);
  return said;
}

describe.concurrent('the API', () => {
  /** Parts of the API, and what a token needs for them. */
  const parts = [
    {
      name: 'all of it',
      path: /./,
      permissions: ['checks: write', 'pull-requests: write', 'pull-requests: read'],
    },
    {
      name: 'the comments',
      path: /\/issues\/(?:\d+\/)?comments|graphql/,
      permissions: ['pull-requests: write'],
    },
    { name: 'the check', path: /\/check-runs/, permissions: ['checks: write'] },
    { name: 'the labels', path: /\/issues\/\d+\/labels/, permissions: ['pull-requests: read'] },
  ] as const;
  const cases = apiTroubles.flatMap((trouble) =>
    parts.map((part) => ({ name: `${trouble.name}, of ${part.name}`, part, trouble })),
  );

  test.each(cases)('$name', async ({ part, trouble }) => {
    using folder = temporaryFolder();
    await using github = await startGitHub();
    using _ = github.fault({ path: part.path, ...trouble.failure });
    const ended = await gate({ folder: folder.path, github });
    const said = expectUnmoved(ended, trouble.isGeneral ? 1 : part.permissions.length);
    for (const warning of said) {
      expect(warning).toMatch(trouble.cause);
      expect(warning).toMatch(/the verdict stands/i);
    }
    // A cause that everything has is told once, of whatever came first.
    const named = part.permissions.filter((permission) => said.join().includes(`permissions: ${permission}`));
    expect(named).toHaveLength(said.length);
    await expectRestTold(github, part.name);
  });

  /** What did not fail was told as ever. */
  async function expectRestTold(github: GitHubEmulator, failed: string): Promise<void> {
    if (failed === 'all of it') return;
    const comments = await github.comments();
    expect(comments.map(({ body }) => body)).toEqual(
      failed === 'the comments' ? [] : [expect.stringContaining(failedHeadline)],
    );
    expect(github.checks(headSha)).toEqual(
      failed === 'the check' ? [] : [expect.objectContaining({ status: 'completed', conclusion: 'failure' })],
    );
  }

  const accepting = [
    ['labels', /\/issues\/\d+\/labels/],
    ['events', /\/issues\/\d+\/events/],
    ['permission of who set it', /\/collaborators\//],
  ] as const;
  const refusals: readonly Failure[] = [{ status: 500 }, { status: 403 }, cut];

  test.each(accepting)(
    'a label that would accept, whose %s cannot be read, accepts nothing',
    async (_, path) => {
      using folder = temporaryFolder();
      await using github = await startGitHub();
      github.setRole('maintainer', 'maintain');
      const run = (name: string, runId: number) => gate({ folder: join(folder.path, name), github, runId });
      expectUnmoved(await run('first', 1), 0);
      await github.label(github.pullNumber, label, { by: 'maintainer', at: new Date(Date.now() + 5000) });
      for (const [index, failure] of refusals.entries()) {
        using __ = github.fault({ path, ...failure });
        const [warning] = expectUnmoved(await run(`failing-${index}`, 2 + index), 1);
        expect(warning).toMatch(
          /Whether the label.*could not be read.*pull-requests: read.*Nothing is accepted/,
        );
      }
      const accepted = await run('last', 9);
      expect([accepted.exitCode, accepted.warnings]).toEqual([0, []]);
    },
  );

  test('a comment that cannot be read accepts nothing that it may know of, and says so', async () => {
    using folder = temporaryFolder();
    await using github = await startGitHub();
    github.setRole('maintainer', 'maintain');
    expectUnmoved(await gate({ folder: join(folder.path, 'first'), github, runId: 1 }), 0);
    await github.label(github.pullNumber, label, { by: 'maintainer', at: new Date(Date.now() + 5000) });
    using _ = github.fault({ method: 'GET', path: /\/comments/, status: 403 });
    const ended = await gate({ folder: join(folder.path, 'second'), github, runId: 2 });
    expectUnmoved(ended, 1);
    expect(ended.log).toMatch(
      /^The label .* is set, but the comment.* could not be read: run the job again\.$/m,
    );
  });

  test('a comment that cannot be edited keeps what it said', async () => {
    using folder = temporaryFolder();
    await using github = await startGitHub();
    const first = await gate({ folder: join(folder.path, 'first'), github, runId: 1, growth: 1 });
    expect(first.exitCode).toBe(0);
    const [before] = await github.comments();
    using _ = github.fault({ method: 'PATCH', path: /\/comments/, status: 403 });
    expectUnmoved(await gate({ folder: join(folder.path, 'second'), github, runId: 2 }), 1);
    expect(await github.comments()).toEqual([before]);
  });

  test('a locked conversation', async () => {
    using folder = temporaryFolder();
    await using github = await startGitHub();
    const body = { message: 'Unable to create comment because issue is locked.' };
    using _ = github.fault({ method: 'POST', path: /\/comments$/, status: 403, body });
    const [warning] = expectUnmoved(await gate({ folder: folder.path, github }), 1);
    expect(warning).toMatch(/The conversation is locked.*pull-requests: write/);
  });

  const passing: readonly (readonly [string, Failure])[] = [
    ['a 500', { status: 500 }],
    ['a 502 with HTML', badGateway],
    ['a 429', { status: 429, headers: { 'retry-after': '1' } }],
    ['a secondary rate limit', tooFast],
    ['a dropped connection', dropped],
    ['an answer that is cut', cut],
    ['a lost answer', { dropConnection: 'after' }],
  ];
  const everywhere = [/graphql/, /comments\?/, /\/comments$/, /check-runs$/, /check-runs\/\d+$/, /\/labels/];

  test.each(passing)('%s that passes is not told, and nothing is written twice', async (_, failure) => {
    using folder = temporaryFolder();
    await using github = await startGitHub();
    const faults = everywhere.map((path) => github.fault({ path, times: 1, ...failure }));
    const ended = await gate({ folder: folder.path, github });
    expectUnmoved(ended, 0);
    expect(faults.map(({ hits }) => hits)).toEqual(everywhere.map(() => 1));
    expect(await github.comments()).toEqual([
      expect.objectContaining({ body: expect.stringContaining(failedHeadline) }),
    ]);
    expect(github.checks()).toEqual([
      expect.objectContaining({ status: 'completed', conclusion: 'failure', title: failedHeadline }),
    ]);
    expect(ended.job.output('comment-url')).not.toBe('');
    expect(ended.job.output('check-url')).not.toBe('');
  });
});

describe.concurrent('the cache', () => {
  const failures: readonly (readonly [string, Fault])[] = [
    ['silence', { path: /CacheService/, ...silence }],
    ['500', { path: /CacheService/, status: 500 }],
    ['502 with HTML, at the end of an upload', { path: /Finalize/, ...badGateway }],
    ['an answer that is cut', { path: /CreateCacheEntry/, ...cut }],
    ['an upload that nobody answers', { method: 'PUT', path: /blob/, ...silence }],
    ['an upload that is refused', { method: 'PUT', path: /blob/, status: 403 }],
    ['a dropped connection', { path: /CacheService/, ...dropped }],
    ['401', { path: /CacheService/, status: 401 }],
    ['403', { path: /CacheService/, status: 403 }],
    ['404', { path: /CacheService/, status: 404 }],
    ['422', { path: /CacheService/, status: 422 }],
    ['429', { path: /CacheService/, status: 429, headers: { 'retry-after': '60' } }],
  ];
  /** Looks for what is stored first, and stores at the end. */
  const labeled = (number: number) =>
    pullRequestEvent({ number, headSha, baseSha, action: 'labeled', label: 'other' });

  test.each(failures)('%s', async (_, fault) => {
    using folder = temporaryFolder();
    await using services = await startActionsServices();
    await using github = await startGitHub({ services });
    services.fault(fault);
    const event = labeled(github.pullNumber);
    const [warning] = expectUnmoved(await gate({ folder: folder.path, github, services, event }), 1);
    expect(warning).toMatch(
      /^The cache of GitHub Actions failed \(.+\): .*The verdict stands\. It needs no permission/,
    );
    expect(warning).not.toContain('sig=');
    expect(await github.comments()).toHaveLength(1);
  });

  test('whose key another run has taken meanwhile has what is needed', async () => {
    using folder = temporaryFolder();
    await using services = await startActionsServices();
    await using github = await startGitHub({ services });
    const run = (name: string, inputs = {}) =>
      gate({ folder: join(folder.path, name), github, services, inputs });
    expectUnmoved(await run('first', untold), 0);
    expectUnmoved(await run('second'), 0);
    expect(services.cache.entries()).toHaveLength(1);
  });

  test('that may only be read', async () => {
    using folder = temporaryFolder();
    await using services = await startActionsServices();
    await using github = await startGitHub({ services });
    services.cache.isReadOnly = true;
    const [warning] = expectUnmoved(await gate({ folder: folder.path, github, services }), 1);
    expect(warning).toMatch(/may not be used by this run.*no permission of the job adds to it/);
    expect(services.cache.entries()).toEqual([]);
  });

  /** Changes of what is stored, and how many warnings each is worth. */
  const changes: readonly (readonly [string, number, (services: ActionsServices) => void])[] = [
    ['that was evicted', 0, ({ cache }) => cache.clear()],
    ['of other bytes', 1, ({ cache }) => cache.poison(/result/)],
    ['that is no record', 1, ({ cache }) => cache.poison(/result/, () => Buffer.from('{"schema":1}'))],
    ['with a number that is none', 1, ({ cache }) => cache.poison(/result/, withoutNumber)],
    ['whose archive is gone', 1, (services) => services.fault({ method: 'GET', path: /blob/, status: 404 })],
  ];

  test.each(changes)('a stored record %s is not used', async (_, warnings, change) => {
    using folder = temporaryFolder();
    await using services = await startActionsServices();
    await using github = await startGitHub({ services });
    const run = (runId: number) =>
      gate({
        folder: join(folder.path, String(runId)),
        github,
        services,
        runId,
        event: labeled(github.pullNumber),
      });
    expectUnmoved(await run(1), 0);
    const whole = await run(2);
    expectUnmoved(whole, 0);
    expect(whole.log).toContain('only a label has changed');
    change(services);
    const changed = await run(3);
    for (const warning of expectUnmoved(changed, warnings))
      expect(warning).toMatch(/cache.*(ignored|failed)/i);
    expect(changed.log).not.toContain('only a label has changed');
  });

  function withoutNumber(_: string, content: Buffer): Buffer {
    return Buffer.from(content.toString('utf8').replace('"cycleMs":500', '"cycleMs":"500"'));
  }
});

describe.concurrent('the artifact', () => {
  const failures: readonly (readonly [string, Fault])[] = [
    ['silence', { path: /ArtifactService/, ...silence }],
    ['an upload that nobody answers', { path: /blob/, ...silence }],
    ['500', { path: /CreateArtifact/, status: 500 }],
    ['502 with HTML, at the end', { path: /FinalizeArtifact/, ...badGateway }],
    ['429', { path: /CreateArtifact/, status: 429, headers: { 'retry-after': '1' } }],
    ['an answer that is cut', { path: /CreateArtifact/, ...cut }],
    ['an upload that is refused', { path: /blob/, status: 403 }],
    ['an upload with a page for an answer', { path: /blob/, ...badGateway }],
    ['a dropped connection', { path: /ArtifactService/, ...dropped }],
    ['401', { path: /ArtifactService/, status: 401 }],
    ['403', { path: /ArtifactService/, status: 403 }],
    ['404', { path: /ArtifactService/, status: 404 }],
    ['422', { path: /ArtifactService/, status: 422 }],
  ];

  test.each(failures)('%s', async (_, fault) => {
    using folder = temporaryFolder();
    await using services = await startActionsServices();
    await using github = await startGitHub({ services });
    services.fault(fault);
    const inputs = { artifact: 'always' };
    const env = { ACTIONS_CACHE_SERVICE_V2: undefined };
    const [warning] = expectUnmoved(await gate({ folder: folder.path, github, services, inputs, env }), 1);
    expect(warning).toMatch(
      /^The artifact snapgate-default could not be uploaded: .+\. .+\. Uploading needs no permission of the job\..*the verdict stands\.$/,
    );
    expect(warning).not.toContain('sig=');
    expect(services.artifacts.all()).toEqual([]);
  });

  test('whose name is taken', async () => {
    using folder = temporaryFolder();
    await using services = await startActionsServices();
    await using github = await startGitHub({ services });
    const run = (name: string, inputs = {}) =>
      gate({ folder: join(folder.path, name), github, services, inputs: { artifact: 'always', ...inputs } });
    expectUnmoved(await run('first', untold), 0);
    const [warning] = expectUnmoved(await run('second'), 1);
    expect(warning).toMatch(/There is one of this name in this run: give each gate a comment-key/);
    expect(services.artifacts.all()).toHaveLength(1);
  });

  test('without what a runner says of its service', async () => {
    using folder = temporaryFolder();
    await using github = await startGitHub();
    const ended = await gate({ folder: folder.path, github, inputs: { artifact: 'always' } });
    const [warning] = expectUnmoved(ended, 1);
    expect(warning).toContain('ACTIONS_RUNTIME_TOKEN is not set');
  });
});

describe.concurrent('the baseline branch', () => {
  const failures: readonly (readonly [string, Failure, RegExp])[] = [
    ['silence', silence, /The server or the network failed/],
    ['500', { status: 500 }, /The server or the network failed/],
    ['502 with HTML', badGateway, /The server or the network failed/],
    ['429', { status: 429, headers: { 'retry-after': '60' } }, /The server or the network failed/],
    ['a dropped connection', dropped, /The server or the network failed/],
    ['an answer that is cut', cut, /./],
    ['401', { status: 401, headers: { 'www-authenticate': 'Basic realm="git"' } }, /may not do this/],
    ['403', { status: 403 }, /may not do this/],
    ['404', { status: 404 }, /may not do this/],
  ];
  const event = pushEvent({ before: baseSha, after: headSha });
  const inputs = { 'baseline-branch': 'baselines', 'on-push': 'fail' };

  async function push(
    arrange: (repository: FaultyGit) => void,
    check: (ended: EndedGate, branches: string) => void,
  ): Promise<void> {
    using folder = temporaryFolder();
    await using github = await startGitHub();
    await using repository = await startFaultyGit(folder.path, github.token);
    arrange(repository);
    const { origin, url, bare } = repository;
    const env = { GITHUB_SERVER_URL: url };
    const ended = await gate({ folder: join(folder.path, 'job'), github, event, inputs, origin, env });
    check(ended, git(bare, 'branch', '--list'));
  }

  test('takes what a push has measured', async () => {
    await push(
      () => {},
      (ended, branches) => {
        expectUnmoved(ended, 0);
        expect(branches).toContain('baselines');
      },
    );
  });

  test.each(failures)('%s', async (_, failure, cause) => {
    await push(
      ({ fault }) => fault({ path: /./, ...failure }),
      (ended, branches) => {
        const [warning] = expectUnmoved(ended, 1);
        expect(warning).toMatch(
          /^branch baselines cannot be .*nothing of this run is kept.*The verdict stands\./,
        );
        expect(warning).toMatch(cause);
        expect(warning).toContain('contents: write');
        expect(branches).toBe('');
      },
    );
  });

  test('a rule that protects it', async () => {
    const hook = '#!/bin/sh\necho "GH006: Protected branch update failed"\nexit 1\n';
    await push(
      ({ bare }) => writeFileSync(join(bare, 'hooks/pre-receive'), hook, { mode: 0o755 }),
      (ended, branches) => {
        const [warning] = expectUnmoved(ended, 1);
        expect(warning).toMatch(/A rule protects the branch.*contents: write/);
        expect(branches).toBe('');
      },
    );
  });

  test('a failure that passes', async () => {
    await push(
      ({ fault }) => fault({ path: /./, status: 503, times: 1 }),
      (ended, branches) => {
        expectUnmoved(ended, 0);
        expect(branches).toContain('baselines');
      },
    );
  });
});

describe.concurrent('what a fork has measured', () => {
  type Arrange = (github: GitHubEmulator, services: ActionsServices, pull: ForkedPull) => void;
  const plant: Arrange = (_, services, pull) => plantArtifact(services, uploadedFiles(pull));
  const failing =
    (path: RegExp, failure: Failure): Arrange =>
    (github, services, pull) => {
      plant(github, services, pull);
      github.fault({ path, ...failure });
    };
  const troubles: readonly (readonly [string, Arrange, RegExp])[] = [
    ['is not there', () => {}, /has uploaded no artifact snapgate-default/],
    [
      'has expired',
      (github, services, pull) => {
        plant(github, services, pull);
        for (const { id } of services.artifacts.all()) services.artifacts.expire(id);
      },
      /has expired.*Run it again/,
    ],
    ['is not listed', failing(/\/artifacts\?/, { status: 403 }), /could not be read.*actions: read/],
    ['is not handed out', failing(/\/zip$/, { status: 500 }), /could not be read.*The API itself failed/],
    ['is lost on its way', failing(/\/zip$/, dropped), /could not be read.*could not be reached/],
    [
      'is of commits that cannot be asked for',
      failing(/\/git\/commits\//, { status: 403 }),
      /contents: read/,
    ],
    ['is of nobody, as far as GitHub says', failing(/\/pulls\?/, dropped), /pull-requests: read/],
  ];

  test.each(troubles)('and %s', async (_, arrange, why) => {
    using folder = temporaryFolder();
    await using services = await startActionsServices();
    await using github = await startGitHub({ services });
    const pull = await openForkedPull(github);
    arrange(github, services, pull);
    const job = openJob({
      folder: join(folder.path, 'job'),
      workspace: folder.path,
      event: pull.event,
      inputs: { mode: 'comment' },
      github,
    });
    const { exitCode, errors, warnings, log, seconds } = await endJob(job);
    expect([exitCode, errors], log).toEqual([0, []]);
    expect(warnings).toEqual([expect.stringMatching(why)]);
    expect(seconds).toBeLessThan(bound);
  });
});

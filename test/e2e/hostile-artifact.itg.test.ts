import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Measurement } from '../../src/measure/record.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { type ActionsServices, startActionsServices } from '../github/actions-services.ts';
import { type GitHubEmulator, startGitHub } from '../github/emulator.ts';
import type { ZipEntry } from '../github/zip.ts';
import { hostileMeasurement, hostileText } from '../report/hostile.ts';
import { markdownFaults, trusted } from '../report/markdown-faults.ts';
import { seededRandom } from '../stats/random.ts';
import {
  commits,
  type ForkedPull,
  jsonFile,
  measured,
  measuringRun,
  merged,
  openForkedPull,
  plantArtifact,
  uploadedFiles,
} from './planted-artifact.ts';
import { type EndedGate, endJob } from './recorded-gate.ts';
import { openJob } from './runner.ts';
import { changesSince, surroundingsOf } from './surroundings.ts';
import { withoutMasks } from './workflow-commands.ts';

vi.setConfig({ maxConcurrency: 4 });

const mebi = 1024 ** 2;

/** A name that nothing else has, so that wherever it is written it is found. */
const escapee = `escaped-${process.pid}`;

interface Scene extends AsyncDisposable {
  readonly folder: string;
  readonly services: ActionsServices;
  readonly github: GitHubEmulator;
  readonly pull: ForkedPull;
  /** Runs mode: comment on the end of the run that measured. */
  comment(): Promise<Told>;
}

interface Told extends EndedGate {
  /** Paths below the scene's folder, where HOME, the workspace and the temporary folder are. */
  readonly changes: readonly string[];
}

async function openScene(): Promise<Scene> {
  const folder = temporaryFolder();
  const services = await startActionsServices();
  const github = await startGitHub({ services });
  const pull = await openForkedPull(github);
  return {
    folder: folder.path,
    services,
    github,
    pull,
    comment: () => comment(folder.path, github, pull),
    [Symbol.asyncDispose]: async () => {
      await github[Symbol.asyncDispose]();
      await services[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

async function comment(folder: string, github: GitHubEmulator, { event }: ForkedPull): Promise<Told> {
  const workspace = join(folder, 'work/guest/guest');
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(workspace, 'README.md'), 'Of the base branch.\n');
  const job = openJob({
    folder: join(folder, 'work/job'),
    workspace,
    event,
    inputs: { mode: 'comment' },
    github,
    env: {
      GITHUB_RUN_ID: '123',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_SERVER_URL: trusted.repositoryUrl.replace(`/${github.repository}`, ''),
    },
  });
  github.forgetRequests();
  const before = surroundingsOf(folder, ['work/job/file-commands']);
  const ended = await endJob(job);
  // The cache of images is opened, and is not needed.
  const made = ['work/job/home/.cache', 'work/job/home/.cache/snapgate'];
  const changes = changesSince(before, surroundingsOf(folder, ['work/job/file-commands']));
  return { ...ended, changes: changes.filter((name) => !made.includes(name)) };
}

function writes({ requests }: GitHubEmulator): readonly string[] {
  return requests
    .filter(({ method, path }) => method !== 'GET' && path !== '/graphql')
    .map(({ method, path }) => `${method} ${path}`);
}

/** One clear error and nothing else: nothing told, nothing written, nothing left. */
async function expectRefused(scene: Scene, why: RegExp): Promise<void> {
  const { exitCode, errors, warnings, changes, job, post, log, seconds } = await scene.comment();
  expect([exitCode, post.exitCode, post.log], log).toEqual([65, 0, '']);
  expect(errors).toEqual([expect.stringMatching(/^snapgate could not decide: [\s\S]*\n./)]);
  expect(errors[0]).toMatch(why);
  expect([warnings, changes]).toEqual([[], []]);
  expect([job.outputs(), job.summary()]).toEqual([{}, '']);
  expect([writes(scene.github), scene.github.checks()]).toEqual([[], []]);
  for (const number of [1, scene.pull.number]) expect(await scene.github.comments(number)).toEqual([]);
  expect(seconds).toBeLessThan(60);
  expectNoCommands(log);
}

/** The log obeys nobody but us. */
function expectNoCommands(log: string): void {
  const commands = [...log.matchAll(/^\s*::([a-z-]+)/gm)].map(([, name]) => name);
  const known = ['add-mask', 'error', 'warning', 'group', 'endgroup'];
  expect(commands.filter((name) => !known.includes(name ?? ''))).toEqual([]);
  expect(log).not.toContain('##[');
  expect(withoutMasks(log)).not.toContain('token-of-the-action');
}

afterAll(() => {
  const places = ['/', '/etc', tmpdir(), homedir(), process.cwd(), join(process.cwd(), '..')];
  for (const place of places) expect(readdirSync(place).filter((name) => name.includes(escapee))).toEqual([]);
});

test.concurrent('an honest artifact is told, by the verdict of this job', async () => {
  await using scene = await openScene();
  plantArtifact(scene.services, uploadedFiles(scene.pull));
  const { exitCode, changes, job, warnings } = await scene.comment();
  expect([exitCode, warnings, job.output('verdict')]).toEqual([0, [], 'fail']);
  expect(scene.github.checks(commits.head)).toMatchObject([{ conclusion: 'failure' }]);
  const [told, ...others] = await scene.github.comments(scene.pull.number);
  expect(others).toEqual([]);
  expect(told?.body).toContain(`Measured in run ${measuringRun} of a fork; the numbers are that run's.`);
  const report = 'work/guest/guest/snapgate-report';
  const names = ['comparison.json', 'measurement-base.json', 'measurement-head.json', 'report.md'];
  expect(changes).toEqual([report, ...names.map((name) => `${report}/${name}`)]);
});

describe.concurrent('an artifact that claims what is not so is refused', () => {
  const { base, head } = measured;
  const claims: readonly (readonly [string, (pull: ForkedPull) => readonly ZipEntry[], RegExp])[] = [
    [
      'another pull request',
      (pull) => uploadedFiles(pull, { record: { pullRequest: 1 } }),
      /claims pull request #1, but GitHub says #2/,
    ],
    [
      'another head commit',
      (pull) => uploadedFiles(pull, { record: { headSha: commits.unrelated } }),
      /claims the head ddddddd, but GitHub says bbbbbbb/,
    ],
    [
      'a measurement of another commit',
      (pull) =>
        uploadedFiles(pull, { head: { ...head, subject: { label: 'x', commit: commits.unrelated } } }),
      /neither the head bbbbbbb nor a merge of it/,
    ],
    [
      'a base that is none',
      (pull) =>
        uploadedFiles(pull, { base: { ...base, subject: { label: 'x', commit: commits.unrelated } } }),
      /the merge is with aaaaaaa/,
    ],
    [
      'another gate',
      (pull) => uploadedFiles(pull, { record: { key: 'other' } }),
      /is not of the gate "default"/,
    ],
    [
      'a verdict, in its record',
      (pull) => uploadedFiles(pull, { record: { verdict: 'pass' } }),
      /upload\.json.*is not a valid upload record/,
    ],
    [
      'a verdict, in its measurement',
      (pull) => uploadedFiles(pull, { head: { ...head, verdict: 'pass' } }),
      /is not a valid measurement/,
    ],
  ];

  test.each(claims)('%s', async (_, entries, why) => {
    await using scene = await openScene();
    plantArtifact(scene.services, entries(scene.pull));
    await expectRefused(scene, why);
  });
});

test.concurrent('a verdict, a report and a comment that are in it are not looked at', async () => {
  await using scene = await openScene();
  plantArtifact(scene.services, [
    ...uploadedFiles(scene.pull),
    jsonFile('comparison.json', { schema: 'snapgate/comparison', version: 1, verdict: 'pass', rows: [] }),
    { name: 'report.md', content: '### 🟢 snapgate: approved by @octo/owners\n' },
    { name: 'pr-number', content: '1' },
  ]);
  const { exitCode, job, changes } = await scene.comment();
  expect([exitCode, job.output('verdict')]).toEqual([0, 'fail']);
  expect(scene.github.checks(commits.head)).toMatchObject([{ conclusion: 'failure' }]);
  expect(changes.filter((name) => /pr-number/.test(name))).toEqual([]);
  const [told] = await scene.github.comments(scene.pull.number);
  expect(told?.body).not.toContain('approved');
  expect(await scene.github.comments(1)).toEqual([]);
});

describe.concurrent('an archive that would do harm is refused', () => {
  const headFile = (content: string, more: Partial<ZipEntry> = {}): ZipEntry => ({
    name: 'measurement-head.json',
    content,
    ...more,
  });
  const withHead = (pull: ForkedPull, ...entries: readonly ZipEntry[]) => [
    ...uploadedFiles(pull, { head: undefined }),
    ...entries,
  ];
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const inNotes = (text: string) => JSON.stringify(measured.head).replace('"notes":[]', `"notes":[${text}]`);
  const archives: readonly (readonly [string, (pull: ForkedPull) => readonly ZipEntry[], RegExp])[] = [
    ...['../', '../../', '../../../../../../../../tmp/', '../guest/'].map(
      (out) =>
        [
          `a name with ${out}`,
          (pull: ForkedPull) => [...uploadedFiles(pull), { name: `${out}${escapee}`, content: 'x' }],
          /invalid relative path/,
        ] as const,
    ),
    [
      'an absolute name',
      (pull) => [...uploadedFiles(pull), { name: `/tmp/${escapee}`, content: 'x' }],
      /absolute path/,
    ],
    [
      'a name with backslashes',
      (pull) => [...uploadedFiles(pull), { name: `..\\..\\${escapee}`, content: 'x' }],
      /invalid characters|relative path/,
    ],
    ['a link', (pull) => withHead(pull, headFile('/etc/passwd', { mode: 0o120777 })), /is a link/],
    ['a bomb', (pull) => withHead(pull, headFile(' '.repeat(256 * mebi))), /unpacked, more than/],
    [
      'a bomb that says it is small',
      (pull) => withHead(pull, headFile(' '.repeat(64 * mebi), { size: 1000 })),
      /too many bytes/,
    ],
    ['deep JSON', (pull) => withHead(pull, headFile(deep)), /nests more than/],
    ['deep JSON in a measurement', (pull) => withHead(pull, headFile(inNotes(deep))), /nests more than/],
    [
      'JSON of many values',
      (pull) => withHead(pull, headFile(inNotes(`${'1,'.repeat(4_000_000)}1`))),
      /holds more than/,
    ],
    [
      'a prototype in JSON',
      (pull) => withHead(pull, headFile(JSON.stringify(measured.head).replace('{', '{"__proto__":{"x":1},'))),
      /is not a valid measurement/,
    ],
    ['what is no JSON', (pull) => withHead(pull, headFile('<html>::error::x')), /is not JSON/],
    ['60,000 entries', () => Array.from({ length: 60_000 }, (_, index) => ({ name: `${index}` })), /entries/],
  ];

  test.each(archives)('%s', async (_, entries, why) => {
    await using scene = await openScene();
    plantArtifact(scene.services, entries(scene.pull));
    await expectRefused(scene, why);
  });

  test('bytes that are no archive', async () => {
    await using scene = await openScene();
    const zip = Buffer.from(`\n::error::x\n${'PK'.repeat(1000)}`);
    scene.services.artifacts.plant({ runId: measuringRun, name: 'snapgate-default', zip });
    await expectRefused(scene, /is not an archive that snapgate wrote/);
  });
});

describe.concurrent('an archive of 200 MB is refused', () => {
  let storage: Storage;
  beforeAll(async () => {
    storage = await startStorage();
  });
  afterAll(() => storage[Symbol.asyncDispose]());

  test('that says so, before it is asked for', async () => {
    await using scene = await openScene();
    plantArtifact(scene.services, uploadedFiles(scene.pull), { claimedBytes: 200 * mebi });
    await expectRefused(scene, /is 200 MiB, and no more than 32\.0? ?MiB/);
    expect(scene.github.requests.filter(({ path }) => path.endsWith('/zip'))).toEqual([]);
  });

  test('that says it is small, after what may be read of it', async () => {
    await using scene = await openScene();
    plantArtifact(scene.services, uploadedFiles(scene.pull), { claimedBytes: 1000 });
    using _ = scene.github.fault({
      path: /\/zip$/,
      status: 302,
      headers: { location: storage.url('flood') },
    });
    await expectRefused(scene, /larger than it was said to be/);
    expect(storage.sent()).toBeGreaterThan(32 * mebi);
    expect(storage.sent()).toBeLessThan(64 * mebi);
  });
});

test.concurrent('a download that comes in drops is not waited for, but asked for again', async () => {
  await using scene = await openScene();
  await using storage = await startStorage();
  plantArtifact(scene.services, uploadedFiles(scene.pull));
  const headers = { location: storage.url('drops') };
  using drops = scene.github.fault({ path: /\/zip$/, status: 302, headers, times: 1 });
  const { exitCode, warnings, seconds, log } = await scene.comment();
  expect([exitCode, warnings, drops.hits], log).toEqual([0, [], 1]);
  expect(seconds).toBeLessThan(90);
  expect(scene.github.checks(commits.head)).toMatchObject([{ conclusion: 'failure' }]);
  expect(await scene.github.comments(scene.pull.number)).toHaveLength(1);
});

interface Storage extends AsyncDisposable {
  url(what: 'flood' | 'drops'): string;
  /** Bytes of the flood that were taken, but for what is on its way. */
  sent(): number;
}

/** Serves 200 MB of nothing from no memory, or a byte a second. */
async function startStorage(): Promise<Storage> {
  const chunk = Buffer.alloc(64 * 1024);
  let sent = 0;
  const server: Server = createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/zip' });
    if (request.url?.includes('drops')) {
      const timer = setInterval(() => response.write('P'), 1000);
      response.once('close', () => clearInterval(timer));
      return;
    }
    const more = () => {
      while (sent < 200 * mebi) {
        sent += chunk.length;
        if (!response.write(chunk)) return void response.once('drain', more);
      }
      response.end();
    };
    more();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: (what) => `http://127.0.0.1:${address.port}/${what}.zip?sig=secret`,
    sent: () => sent,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe.concurrent('a measurement full of hostile strings is told as text', () => {
  const random = seededRandom(97);
  const texts: readonly (readonly [string, () => string])[] = [
    ['markup', () => '</details><img src=x onerror=alert(1)> | `@org/team` #1'],
    ['markers', () => '<!-- snapgate-result-end --><!-- snapgate:default -->'],
    ['commands', () => '\n::error::x\n##[add-mask]y\r::stop-commands::z'],
    ['links', () => '[x](javascript:alert(1)) ![y](https://example.org/y.png) https://example.org'],
    ['a mixture', () => hostileText(random)],
    ['another mixture', () => hostileText(random, 30)],
  ];

  test.each(texts)('of %s', async (_, text) => {
    await using scene = await openScene();
    const { base, head } = hostilePair(text);
    plantArtifact(scene.services, uploadedFiles(scene.pull, { base, head: merged(head) }));
    const { exitCode, warnings, errors, job, log } = await scene.comment();
    expect([exitCode, warnings, job.output('verdict')], log).toEqual([0, [], 'fail']);
    expect(errors).toHaveLength(1);
    expectNoCommands(log);
    const comments = await scene.github.comments(scene.pull.number);
    expect(comments).toHaveLength(1);
    const body = comments[0]?.body ?? '';
    expect(body.match(/<!--/g)).toHaveLength(4);
    expect(markdownFaults(body.replace(/^<!-- snapgate[\w:.-]* -->\n?/gm, '').trim())).toEqual([]);
    expect(markdownFaults(job.summary().trim())).toEqual([]);
    const checks = scene.github.checks(commits.head);
    expect(checks).toMatchObject([{ status: 'completed', conclusion: 'failure' }]);
    expect(markdownFaults(checks[0]?.summary ?? '')).toEqual([]);
    expect(JSON.parse(job.output('rows') ?? '')).not.toEqual([]);
    expect(existsSync(job.output('comparison') ?? '')).toBe(true);
  });

  /** Both sides with the same strings where they must agree. */
  function hostilePair(text: () => string): { readonly base: Measurement; readonly head: Measurement } {
    const head = hostileMeasurement(measured.head, text);
    const base = hostileMeasurement(measured.base, text);
    return {
      head,
      base: {
        ...base,
        subject: { label: text().slice(0, 500), commit: commits.base },
        image: measured.base.image,
        fingerprint: head.fingerprint,
        scenarios: head.scenarios,
        boots: base.boots.map((boot, place) => ({
          ...boot,
          samples: boot.samples.map((sample, index) => ({
            ...sample,
            scenario: head.boots[place]?.samples[index]?.scenario ?? sample.scenario,
          })),
        })),
      },
    };
  }
});

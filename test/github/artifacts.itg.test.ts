import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type UploadContext, uploadEntry, uploadGate } from '../../src/github/artifact-upload.ts';
import { downloadArtifact, listArtifacts, maxArtifactBytes } from '../../src/github/artifacts.ts';
import { openOctokit, type Patience } from '../../src/github/client.ts';
import type { GitHubRepository } from '../../src/github/repository.ts';
import { collectEntries, readUploadArchive, type Upload } from '../../src/github/uploads.ts';
import { SnapgateError } from '../../src/host/error.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { growing, side } from '../report/samples.ts';
import { type ActionsServices, startActionsServices } from './actions-services.ts';
import { type GitHubEmulator, startGitHub } from './emulator.ts';
import { hasty } from './patience.ts';
import { zipOf } from './zip.ts';

const mebi = 1024 ** 2;
const runId = 41;

let folder: ReturnType<typeof temporaryFolder>;
let services: ActionsServices;
let github: GitHubEmulator;
let said: { infos: string[]; warnings: string[]; details: string[] };
let stdout: string;
beforeEach(async () => {
  folder = temporaryFolder();
  services = await startActionsServices();
  github = await startGitHub({ services });
  said = { infos: [], warnings: [], details: [] };
  stdout = '';
  vi.stubEnv('RUNNER_TEMP', folder.path);
  vi.stubEnv('GITHUB_WORKSPACE', folder.path);
  vi.stubEnv('GITHUB_SERVER_URL', 'https://github.com');
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    stdout += String(chunk);
    return true;
  });
  become({ runId });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await github[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

function become(job: { runId: number; attempt?: number }): void {
  for (const [name, value] of Object.entries(services.environment(job))) vi.stubEnv(name, value);
}

function context(changes: Partial<UploadContext> = {}): UploadContext {
  const log = {
    info: (message: string) => said.infos.push(message),
    warning: (message: string) => said.warnings.push(message),
    detail: (message: string) => said.details.push(message),
  };
  return { log, dir: folder.path, env: process.env, ...changes };
}

function repository(
  changes: { token?: string; patience?: Patience; apiUrl?: string } = {},
): GitHubRepository {
  const { token = github.token, patience = hasty(), apiUrl = github.apiUrl } = changes;
  const [owner = '', repo = ''] = github.repository.split('/');
  return { client: openOctokit({ apiUrl, token }), owner, repo, patience };
}

async function fetchUpload(name: string): Promise<Upload> {
  const [artifact] = await listArtifacts(repository(), runId, name);
  if (artifact === undefined) throw new Error(`no artifact ${name}`);
  return await readUploadArchive(await downloadArtifact(repository(), artifact), name);
}

async function failureOf(action: Promise<unknown>): Promise<unknown> {
  return await action.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error,
  );
}

const base = side('base');
const head = side('head', growing({ 'idle-2s': 1.5 }));
const headSha = 'd'.repeat(40);

describe('what a gate has measured', () => {
  it('reaches another job whole', async () => {
    expect(await uploadGate(context(), { key: 'default', pullRequest: 7, headSha, base, head })).toBe(true);
    expect(said.warnings).toEqual([]);
    expect(said.infos).toEqual(['Uploaded the artifact snapgate-default.']);
    expect(await fetchUpload('snapgate-default')).toEqual({
      record: {
        schema: 'snapgate/upload',
        version: 1,
        kind: 'gate',
        key: 'default',
        pullRequest: 7,
        headSha,
      },
      base,
      head,
    });
  });

  it('may be a failure, whose message is cut', async () => {
    const failure = { code: 'guest', message: 'x'.repeat(5000) } as const;
    expect(await uploadGate(context(), { key: 'k', failure })).toBe(true);
    expect(await fetchUpload('snapgate-k')).toMatchObject({
      record: { failure: { code: 'guest', message: 'x'.repeat(1000) } },
      base: undefined,
      head: undefined,
    });
  });

  it('names the sides by what they are here: a stored head is a base', async () => {
    await uploadGate(context(), { key: 'k', base: { ...head, side: 'head' }, head });
    expect((await fetchUpload('snapgate-k')).base?.side).toBe('base');
  });

  it('leaves the library no annotation of its own', async () => {
    vi.stubEnv('GITHUB_RETENTION_DAYS', '3');
    expect(await uploadGate(context({ env: process.env }), { key: 'k', head })).toBe(true);
    expect(stdout).not.toMatch(/^::(?:warning|error)/m);
    expect(said.details).toEqual(['uploading the artifact snapgate-k']);
  });
});

describe('an upload that fails', () => {
  async function warning(changes: Partial<UploadContext> = {}, key = 'k'): Promise<string> {
    expect(await uploadGate(context(changes), { key, head })).toBe(false);
    expect(said.warnings).toHaveLength(1);
    expect(stdout).not.toMatch(/^::(?:warning|error)/m);
    const [text = ''] = said.warnings;
    expect(text).toMatch(/^The artifact snapgate-k could not be uploaded: .* the verdict stands\.$/);
    return text;
  }

  it('for a name that is taken says what to name anew', async () => {
    await uploadGate(context(), { key: 'k', head });
    expect(await warning()).toContain('comment-key');
  });

  it('on an Enterprise Server says so, and asks nobody', async () => {
    const env = { ...process.env, GITHUB_SERVER_URL: 'https://github.example.com' };
    expect(await warning({ env })).toContain('Enterprise Server');
    expect(services.requests).toEqual([]);
  });

  it.each(['ACTIONS_RUNTIME_TOKEN', 'ACTIONS_RESULTS_URL'])('without %s names it', async (variable) => {
    expect(await warning({ env: { ...process.env, [variable]: '' } })).toContain(`${variable} is not set`);
  });

  it('for the storage being full says what to do', async () => {
    using _ = services.fault({
      path: /CreateArtifact/,
      status: 400,
      body: { code: 'resource_exhausted', msg: 'insufficient usage to create artifact' },
    });
    expect(await warning()).toContain('storage for artifacts is used up');
  });

  it.each([
    [401, 'not accepted'],
    [403, 'not accepted'],
  ])('for a status of %i says why', async (status, why) => {
    using _ = services.fault({ path: /CreateArtifact/, status });
    expect(await warning()).toContain(why);
  });

  it('for a service that cannot be reached says where to look', async () => {
    vi.stubEnv('ACTIONS_RESULTS_URL', 'http://127.0.0.1:9/');
    expect(await warning()).toContain('Check the network');
  });

  it('for one that does not answer ends in time', async () => {
    using _ = services.fault({ path: /CreateArtifact/, hangMs: Number.POSITIVE_INFINITY });
    const started = Date.now();
    expect(await warning({ limitMs: 300 })).toContain('not done within');
    expect(Date.now() - started).toBeLessThan(3000);
  });

  it('for a 5xx that lasts ends in time', async () => {
    using _ = services.fault({ path: /CreateArtifact/, status: 503 });
    const started = Date.now();
    expect(await warning({ limitMs: 1000 })).toContain('not done within');
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('for a measurement that nobody would read says so before it is sent', async () => {
    const notes = Array.from({ length: 600_000 }, () => '');
    expect(await uploadGate(context(), { key: 'k', head: { ...head, notes } })).toBe(false);
    expect(said.warnings).toEqual([
      expect.stringMatching(/measurement-head\.json holds more than 500,000 values.*Measure fewer/),
    ]);
    expect(services.requests).toEqual([]);
  });
});

describe('the artifacts of a run', () => {
  it('are listed from all pages, the newest of each name', async () => {
    for (let count = 0; count < 130; count += 1)
      services.artifacts.plant({ runId, name: `snapgate-${count}`, zip: zipOf([]) });
    services.artifacts.plant({ runId: runId + 1, name: 'of another run', zip: zipOf([]) });
    const again = services.artifacts.plant({ runId, attempt: 2, name: 'snapgate-7', zip: zipOf([]) });
    const listed = await listArtifacts(repository(), runId);
    expect(listed).toHaveLength(130);
    expect(listed.filter(({ name }) => name === 'snapgate-7')).toMatchObject([
      { id: again, runId, expired: false },
    ]);
    expect(listed.map(({ name }) => name)).not.toContain('of another run');
  });

  it('are asked for by name, and nothing else is taken where the name is not heeded', async () => {
    services.artifacts.plant({ runId, name: 'snapgate-a', zip: zipOf([]) });
    services.artifacts.plant({ runId, name: 'snapgate-b', zip: zipOf([]), expired: true });
    expect(await listArtifacts(repository(), runId, 'snapgate-b')).toMatchObject([{ expired: true }]);
    expect(github.requests.at(-1)?.path).toContain('name=snapgate-b');
    using _ = github.fault({
      path: /artifacts\?/,
      status: 200,
      body: { total_count: 1, artifacts: [{ id: 1, name: 'other', size_in_bytes: 1, expired: false }] },
    });
    expect(await listArtifacts(repository(), runId, 'snapgate-b')).toEqual([]);
  });
});

/** A host that is not GitHub, and remembers what it was asked with. */
async function startStorage(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}/blob?sig=signature`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const planted = { id: 5, runId, name: 'snapgate-k', bytes: 100, expired: false };

describe('a download', () => {
  const zip = zipOf([{ name: 'upload.json', content: '{}' }]);
  const redirect = (location: string) => ({ path: /\/zip$/, status: 302, headers: { location }, body: '' });

  it('shows the token to GitHub and to nobody else', async () => {
    await using storage = await startStorage((_, response) => response.end(zip));
    using _ = github.fault(redirect(storage.url));
    expect(await downloadArtifact(repository(), planted)).toEqual(zip);
    expect(github.requests.at(-1)).toMatchObject({ token: github.token });
    expect(storage.requests).toHaveLength(1);
    const headers = JSON.stringify(storage.requests[0]?.rawHeaders);
    expect(headers).not.toContain(github.token);
    expect(headers.toLowerCase()).not.toContain('authorization');
  });

  it('takes the archive from GitHub itself where that is how it answers', async () => {
    using _ = github.fault({
      path: /\/zip$/,
      status: 200,
      headers: { 'content-type': 'application/zip' },
      body: 'PK',
    });
    expect((await downloadArtifact(repository(), planted)).toString()).toBe('PK');
  });

  it('is not begun for what is said to be too large', async () => {
    const error = await failureOf(downloadArtifact(repository(), { ...planted, bytes: 200 * mebi }));
    expect(error).toBeInstanceOf(SnapgateError);
    expect(String(error)).toContain('is 200 MiB, and no more than 32.0 MiB is read');
    expect(github.requests).toEqual([]);
  });

  it('of 200 MiB that were said to be 100 bytes ends at the limit', async () => {
    let sent = 0;
    await using storage = await startStorage((_, response) => {
      const chunk = Buffer.alloc(mebi);
      const more = () => {
        while (sent < 200 && !response.destroyed) {
          sent += 1;
          if (!response.write(chunk)) return response.once('drain', more);
        }
        return response.end();
      };
      more();
    });
    using _ = github.fault(redirect(storage.url));
    const error = await failureOf(downloadArtifact(repository(), planted));
    expect(error).toBeInstanceOf(SnapgateError);
    expect(String(error)).toContain('larger than it was said to be');
    expect(sent).toBeLessThan(maxArtifactBytes / mebi + 40);
    expect(storage.requests).toHaveLength(1);
  });

  it('that trickles for ever ends in time', async () => {
    await using storage = await startStorage((_, response) => {
      response.write('PK');
      const timer = setInterval(() => response.write('.'), 20);
      response.once('close', () => clearInterval(timer));
    });
    using _ = github.fault(redirect(storage.url));
    const started = Date.now();
    const patience = hasty({ requestMs: 300, totalMs: 1500 });
    await failureOf(downloadArtifact(repository({ patience }), planted));
    expect(Date.now() - started).toBeLessThan(4000);
  });

  it('asks for a new address where the storage refuses the first', async () => {
    let count = 0;
    await using storage = await startStorage((_, response) => {
      count += 1;
      response.statusCode = count === 1 ? 403 : 200;
      response.end(zip);
    });
    using fault = github.fault(redirect(storage.url));
    expect(await downloadArtifact(repository(), planted)).toEqual(zip);
    expect(fault.hits).toBe(2);
  });

  it('of an artifact that is gone is what GitHub says of it', async () => {
    const id = services.artifacts.plant({ runId, name: 'k', zip, expired: true });
    expect(await failureOf(downloadArtifact(repository(), { ...planted, id }))).toMatchObject({
      status: 410,
    });
    expect(await failureOf(downloadArtifact(repository(), { ...planted, id: 999 }))).toMatchObject({
      status: 404,
    });
    const token = github.tokenLacking('actions');
    expect(await failureOf(downloadArtifact(repository({ token }), { ...planted, id }))).toMatchObject({
      status: 403,
    });
  });

  it('works on an Enterprise Server', async () => {
    const id = services.artifacts.plant({ runId, name: 'k', zip });
    const elsewhere = repository({ apiUrl: github.enterpriseApiUrl });
    expect(await downloadArtifact(elsewhere, { ...planted, id })).toEqual(zip);
    expect(await listArtifacts(elsewhere, runId, 'k')).toHaveLength(1);
  });
});

describe('the entries of a matrix', () => {
  const collect = (expected: readonly string[] = [], token = github.token) =>
    collectEntries(repository({ token }), runId, 'k', expected);
  const record = (changes: object = {}) => ({
    name: 'upload.json',
    content: JSON.stringify({
      schema: 'snapgate/upload',
      version: 1,
      kind: 'entry',
      key: 'k',
      entry: 'small',
      side: 'head',
      ...changes,
    }),
  });
  const measured = (of: 'base' | 'head') => ({
    name: `measurement-${of}.json`,
    content: JSON.stringify(of === 'base' ? base : head),
  });
  const plant = (name: string, ...files: readonly { name: string; content: string }[]) =>
    services.artifacts.plant({ runId, name: `snapgate-k-entry-${name}`, zip: zipOf(files) });

  it('are what all jobs of this run have uploaded for this key', async () => {
    await uploadEntry(context(), { key: 'k', entry: 'small', side: 'head', head });
    await uploadEntry(context(), { key: 'k', entry: 'small', side: 'base', base, shard: '1' });
    await uploadEntry(context(), { key: 'k', entry: 'large', side: 'both', base, head });
    const failure = { code: 'guest', message: 'it did not boot' } as const;
    await uploadEntry(context(), { key: 'k', entry: 'broken', side: 'head', failure });
    await uploadEntry(context(), { key: 'other', entry: 'small', side: 'head', head });
    await uploadEntry(context(), { key: 'k-entry-x', entry: 'small', side: 'head', head });
    await uploadGate(context(), { key: 'k', head });
    become({ runId: runId + 1 });
    await uploadEntry(context(), { key: 'k', entry: 'elsewhere', side: 'head', head });
    expect(said.warnings).toEqual([]);
    const { entries, problems } = await collect();
    expect(problems).toEqual([]);
    expect(entries).toHaveLength(4);
    expect(entries).toEqual(
      expect.arrayContaining([
        { entry: 'small', side: 'head', shard: undefined, base: undefined, head, failure: undefined },
        { entry: 'small', side: 'base', shard: '1', base, head: undefined, failure: undefined },
        { entry: 'large', side: 'both', shard: undefined, base, head, failure: undefined },
        { entry: 'broken', side: 'head', shard: undefined, base: undefined, head: undefined, failure },
      ]),
    );
  });

  it('of a second attempt take the place of the first', async () => {
    await uploadEntry(context(), {
      key: 'k',
      entry: 'small',
      side: 'head',
      failure: { code: 'host', message: 'down' },
    });
    become({ runId, attempt: 2 });
    await uploadEntry(context(), { key: 'k', entry: 'small', side: 'head', head });
    const { entries } = await collect();
    expect(entries).toMatchObject([{ entry: 'small', failure: undefined, head: { side: 'head' } }]);
  });

  const broken: readonly (readonly [string, string, readonly { name: string; content: string }[], RegExp])[] =
    [
      ['says nothing of itself', 'small-head', [measured('head')], /has no upload\.json/],
      [
        'is another entry than its name says',
        'small-head',
        [record({ entry: 'large' }), measured('head')],
        /not what its name says/,
      ],
      [
        'is a gate',
        'small-head',
        [
          {
            name: 'upload.json',
            content: '{"schema":"snapgate/upload","version":1,"kind":"gate","key":"k"}',
          },
        ],
        /not what its name says/,
      ],
      [
        'is another key than its name says',
        'small-head',
        [record({ key: 'x' }), measured('head')],
        /not what its name says/,
      ],
      ['has no measurement', 'small-head', [record()], /no measurement of head/],
      [
        'has half of it',
        'small-both',
        [record({ side: 'both' }), measured('head')],
        /no measurement of base/,
      ],
      [
        'has the other side',
        'small-head',
        [record(), measured('head'), measured('base')],
        /of base, which it is not of/,
      ],
      [
        'has one side in the place of the other',
        'small-head',
        [record(), { name: 'measurement-head.json', content: JSON.stringify(base) }],
        /it is of base, not of head/,
      ],
      [
        'has a measurement that is none',
        'small-head',
        [
          record(),
          { name: 'measurement-head.json', content: '{"schema":"snapgate/measurement","version":1}' },
        ],
        /is not a valid measurement/,
      ],
      [
        'leads out',
        'small-head',
        [record(), { name: '../measurement-head.json', content: '' }],
        /invalid relative path/,
      ],
    ];

  it.each(broken)(
    'of which one %s have that one as a failure, and the others',
    async (_, name, files, why) => {
      plant(name, ...files);
      plant('other-head', record({ entry: 'other' }), measured('head'));
      const { entries } = await collect(['small', 'other']);
      expect(entries).toHaveLength(2);
      expect(entries.find(({ entry }) => entry === 'small')?.failure?.message).toMatch(why);
      expect(entries.find(({ entry }) => entry === 'other')).toMatchObject({
        head: { side: 'head' },
        failure: undefined,
      });
    },
  );

  it('that have expired say so', async () => {
    services.artifacts.expire(plant('a-head-head', record({ entry: 'a-head' }), measured('head')));
    const { entries, problems } = await collect(['a-head']);
    expect(entries).toMatchObject([{ entry: 'a-head', side: 'head', failure: { code: 'base' } }]);
    expect(problems).toEqual([expect.stringContaining('has expired')]);
  });

  it('with names that say nothing are only a problem', async () => {
    plant('what', record());
    const { entries, problems } = await collect();
    expect(entries).toEqual([]);
    expect(problems).toHaveLength(1);
  });

  it('that GitHub does not hand out are a problem that names the permission', async () => {
    plant('small-head', record(), measured('head'));
    const token = github.tokenLacking('actions');
    expect(await collect([], token)).toEqual({
      entries: [
        expect.objectContaining({ entry: 'small', failure: expect.objectContaining({ code: 'host' }) }),
      ],
      problems: [expect.stringContaining('`permissions: actions: read`')],
    });
    using _ = github.fault({ path: /\/artifacts/, status: 403 });
    expect(await collect()).toEqual({
      entries: [],
      problems: [expect.stringMatching(/could not be listed \(403: .*actions: read/)],
    });
  });
});

it('nothing of an archive is written to disk', async () => {
  const before = readdirSync(folder.path);
  const files = [
    { name: 'upload.json', content: '{}' },
    { name: 'evil.sh', content: 'x' },
  ];
  services.artifacts.plant({ runId, name: 'snapgate-k-entry-small-head', zip: zipOf(files) });
  await collectEntries(repository(), runId, 'k', []);
  expect(readdirSync(folder.path)).toEqual(before);
});

it('what is uploaded lies in the folder of the run, by the names of the archive alone', async () => {
  await uploadGate(context(), { key: 'k', base, head });
  const [name = ''] = readdirSync(folder.path).filter((each) => each.startsWith('artifact-'));
  const files = readdirSync(join(folder.path, name)).toSorted();
  expect(files).toEqual(['measurement-base.json', 'measurement-head.json', 'upload.json']);
  expect(JSON.parse(readFileSync(join(folder.path, name, 'measurement-head.json'), 'utf8'))).toEqual(head);
});

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { findFirecracker, findJailer } from '../../../src/engine/firecracker/binary.ts';
import { releaseBinary, releasesVariable } from '../../../src/engine/firecracker/release.ts';
import type { FirecrackerSettings } from '../../../src/engine/settings.ts';
import type { Run } from '../../../src/host/run.ts';
import { pathWithout } from '../../fixtures/fake-qemu.ts';
import { openBench, type TestBench } from '../guests.ts';

/*
 * A release server on this machine with a real archive, in which FAKES stand for the two binaries: scripts that say a version.
 */

const version = '1.12.1';
const settings: FirecrackerSettings = {
  kind: 'firecracker',
  binary: 'firecracker',
  version,
  jailer: false,
};

let bench: TestBench;
let run: Run;
let server: Server;
let files: Map<string, Buffer>;
let asked: string[];

beforeEach(async () => {
  bench = openBench();
  run = { ...bench.run, cacheDir: bench.folder('cache') };
  files = releaseFiles(bench.folder('release'));
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const content = files.get(request.url ?? '');
    if (content === undefined) response.writeHead(404).end('Not Found');
    else if (content.toString().startsWith('http'))
      response.writeHead(302, { location: content.toString() }).end();
    else response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  vi.stubEnv(releasesVariable, `${origin()}/download/`);
  vi.stubEnv('RUNNER_TOOL_CACHE', '');
});

afterEach(() => {
  vi.unstubAllEnvs();
  server.close();
  bench.close();
});

function origin(): string {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

const folder = `release-v${version}-x86_64`;
const archivePath = `/download/v${version}/firecracker-v${version}-x86_64.tgz`;
const checksumPath = `${archivePath}.sha256.txt`;

/** As the project's releases are: a folder, binaries with their version and architecture, and more than is needed. */
function releaseFiles(dir: string): Map<string, Buffer> {
  makeBinaries(dir);
  return filesOf(dir);
}

function makeBinaries(dir: string): void {
  mkdirSync(join(dir, folder));
  for (const [name, title] of [
    ['firecracker', 'Firecracker'],
    ['jailer', 'Jailer'],
  ])
    writeFileSync(
      join(dir, folder, `${name}-v${version}-x86_64`),
      `#!/bin/sh\necho "${title} v${version}"\n`,
      { mode: 0o755 },
    );
  writeFileSync(join(dir, folder, 'LICENSE'), 'not needed');
}

/** What a server has of the folder in `dir`. */
function filesOf(dir: string): Map<string, Buffer> {
  execFileSync('tar', ['-czf', 'archive.tgz', folder], { cwd: dir });
  const archive = readFileSync(join(dir, 'archive.tgz'));
  const sum = createHash('sha256').update(archive).digest('hex');
  return new Map([
    [archivePath, archive],
    [checksumPath, Buffer.from(`${sum}  firecracker-v${version}-x86_64.tgz\n`)],
  ]);
}

test('a release is downloaded once, verified, and unpacked to its two binaries', async () => {
  files.set('/storage/archive', files.get(archivePath) ?? Buffer.alloc(0));
  files.set(archivePath, Buffer.from(`${origin()}/storage/archive`));
  const found = await findFirecracker(run, settings, '/');
  expect(found).toEqual({
    path: join(run.cacheDir, `firecracker-${version}-x86_64`, folder, `firecracker-v${version}-x86_64`),
    version: { major: 1, minor: 12, patch: 1 },
    said: `Firecracker v${version}`,
  });
  expect((await findJailer(run, found)).said).toBe(`Jailer v${version}`);
  expect(asked).toEqual([checksumPath, archivePath, '/storage/archive']);
  expect(await releaseBinary(run, version)).toBe(found.path);
  expect(asked).toHaveLength(3);
  expect(readdirSync(run.cacheDir, { recursive: true }).map(String).toSorted()).toEqual([
    `firecracker-${version}-x86_64`,
    `firecracker-${version}-x86_64/${folder}`,
    `firecracker-${version}-x86_64/${folder}/firecracker-v${version}-x86_64`,
    `firecracker-${version}-x86_64/${folder}/jailer-v${version}-x86_64`,
  ]);
});

test("the runner's tool cache is looked at first, where the entry is whole", async () => {
  const tools = bench.folder('tools');
  vi.stubEnv('RUNNER_TOOL_CACHE', tools);
  const dir = join(tools, 'firecracker', version, 'x64');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'firecracker'), '#!/bin/sh\n', { mode: 0o755 });
  expect(await releaseBinary(run, version)).toContain(run.cacheDir);
  writeFileSync(`${dir}.complete`, '');
  expect(await releaseBinary(run, version)).toBe(join(dir, 'firecracker'));
});

test('two that ask at once get the same', async () => {
  const [first, second] = await Promise.all([releaseBinary(run, version), releaseBinary(run, version)]);
  expect(first).toBe(second);
  expect(readdirSync(run.cacheDir)).toEqual([`firecracker-${version}-x86_64`]);
});

interface Failure {
  readonly what: string;
  readonly arrange: () => void;
  readonly message: string | RegExp;
}

const failures: readonly Failure[] = [
  {
    what: 'is not there',
    arrange: () => files.clear(),
    message: /^there is no release 1\.12\.1 of Firecracker for x86-64 at http:/,
  },
  {
    what: 'is not what its checksum says',
    arrange: () => files.set(checksumPath, Buffer.from(`${'0'.repeat(64)}  x\n`)),
    message: /has the SHA-256 [0-9a-f]{64}, and its checksum file says 0{64}$/,
  },
  {
    what: 'has a checksum file of something else',
    arrange: () => files.set(checksumPath, Buffer.from('<html>')),
    message: /holds no SHA-256$/,
  },
  {
    what: 'has a checksum file without end',
    arrange: () => files.set(checksumPath, Buffer.alloc(100_000, 'a')),
    message: /cannot be fetched: it is larger than 4\.00 KiB$/,
  },
  {
    what: 'leads somewhere unsafe',
    arrange: () => files.set(checksumPath, Buffer.from(`${origin().replace('127.0.0.1', '127.0.0.2')}/x`)),
    message: /cannot be fetched: it leads to http:\/\/127\.0\.0\.2:\d+$/,
  },
  {
    what: 'leads in a circle',
    arrange: () => files.set(checksumPath, Buffer.from(`${origin()}${checksumPath}`)),
    message: /cannot be fetched: it leads on more than 5 times$/,
  },
  {
    what: 'cannot be reached',
    arrange: () => vi.stubEnv(releasesVariable, 'http://127.0.0.1:1'),
    message: /cannot be fetched: /,
  },
  {
    what: 'would come by plain HTTP',
    arrange: () => vi.stubEnv(releasesVariable, 'http://example.com/x'),
    message: 'SNAPGATE_FIRECRACKER_RELEASES is no address that a binary is fetched from',
  },
  {
    what: 'would come by an address with a password',
    arrange: () => vi.stubEnv(releasesVariable, origin().replace('//', '//user:secret@')),
    message: 'SNAPGATE_FIRECRACKER_RELEASES is no address that a binary is fetched from',
  },
  {
    what: 'leads to an address with a password',
    arrange: () =>
      files.set(checksumPath, Buffer.from(`${origin().replace('//', '//user:secret@')}${archivePath}`)),
    message: /cannot be fetched: it leads to http:\/\/127\.0\.0\.1:\d+$/,
  },
];

test.each(failures)('a release that $what is an error, and leaves nothing', async ({ arrange, message }) => {
  arrange();
  await expect(releaseBinary(run, version)).rejects.toMatchObject({
    name: 'SnapgateError',
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  });
  expect(readdirSync(run.cacheDir)).toEqual([]);
});

test('a binary that is a link in the archive is an error, and what it leads to stays as it is', async () => {
  const dir = bench.folder('hostile');
  makeBinaries(dir);
  const [victim, jailer] = [join(dir, 'victim'), join(dir, folder, `jailer-v${version}-x86_64`)];
  writeFileSync(victim, '', { mode: 0o600 });
  rmSync(jailer);
  symlinkSync(victim, jailer);
  files = filesOf(dir);
  await expect(releaseBinary(run, version)).rejects.toThrow(
    `jailer-v${version}-x86_64 in ${origin()}${archivePath} is no file`,
  );
  expect(statSync(victim).mode & 0o777).toBe(0o600);
  expect(readdirSync(run.cacheDir)).toEqual([]);
});

test.each([
  ['echo Firecracker v1.6.0', /says Firecracker v1\.6\.0: it is older than 1\.7\.0/],
  ['echo hello', /does not say which Firecracker it is$/],
  ['echo Firecracker v1.16.0; exit 1', /does not say which Firecracker it is$/],
])('a binary that does `%s` is refused', async (script, message) => {
  const binary = join(bench.run.dir, 'mine');
  writeFileSync(binary, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const own = { ...settings, binary, version: undefined };
  await expect(findFirecracker(run, own, '/')).rejects.toThrow(message);
});

test('a binary is looked for below the checkout, or on the PATH', async () => {
  const dir = bench.folder('bin');
  writeFileSync(join(dir, 'firecracker'), '#!/bin/sh\necho Firecracker v1.16.1\n', { mode: 0o755 });
  const own = { ...settings, version: undefined };
  vi.stubEnv('PATH', `${dir}:${pathWithout(bench.folder('path'), 'jailer')}`);
  expect((await findFirecracker(run, own, '/')).path).toBe(join(dir, 'firecracker'));
  const relative = { ...own, binary: './bin/firecracker' };
  expect((await findFirecracker(run, relative, bench.run.dir)).path).toBe(join(dir, 'firecracker'));
  await expect(findFirecracker(run, relative, '/')).rejects.toThrow('there is no ./bin/firecracker');
  await expect(findFirecracker(run, { ...own, binary: 'no-such-firecracker' }, '/')).rejects.toThrow(
    'there is no no-such-firecracker on the PATH',
  );
  await expect(
    findJailer(run, { path: join(dir, 'firecracker'), version: { major: 1, minor: 16, patch: 1 }, said: '' }),
  ).rejects.toThrow(`there is no jailer beside ${join(dir, 'firecracker')}, nor on the PATH`);
});

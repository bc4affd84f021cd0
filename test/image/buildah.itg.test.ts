import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { closeRun } from '../../src/host/cleanup.ts';
import { SnapgateError } from '../../src/host/error.ts';
import type { RootfsSource } from '../../src/image/types.ts';
import { refusal } from '../host/refusal.ts';
import { inodeAt, requireClean, textAt } from './inspect.ts';
import { type Member, tar } from './tar.ts';
import { openWorkshop, type Workshop } from './workshop.ts';

let shop: Workshop;
beforeEach(() => {
  // A docker client without a daemon, as on a machine that has only the command.
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere/docker.sock');
  shop = openWorkshop();
});
afterEach(() => {
  shop[Symbol.dispose]();
  vi.unstubAllEnvs();
});

const shell: Member[] = [
  { path: 'bin/', type: '5' },
  { path: 'bin/busybox', body: readFileSync('/bin/busybox'), mode: 0o755 },
  { path: 'bin/sh', type: '2', link: 'busybox' },
];

const source = {
  kind: 'dockerfile',
  dockerfile: 'Dockerfile',
  context: '.',
  buildArgs: {},
  target: undefined,
} as const;

/** A context whose build is one step that runs a command. */
function context({ checkout }: Workshop, command: string): void {
  writeFileSync(join(checkout, 'base.tar'), tar(shell));
  writeFileSync(join(checkout, 'Dockerfile'), `FROM scratch\nADD base.tar /\nRUN ${command}\n`);
}

test('context, build-args and target are what the Dockerfile sees; the image’s process is the guest’s', async () => {
  mkdirSync(join(shop.checkout, 'app/etc'), { recursive: true });
  writeFileSync(join(shop.checkout, 'app/base.tar'), tar(shell));
  writeFileSync(join(shop.checkout, 'app/file'), 'of the context');
  writeFileSync(
    join(shop.checkout, 'app/etc/Build.file'),
    [
      'FROM scratch AS first',
      'ARG ONE=unset',
      'ARG TWO=unset',
      'ADD base.tar /',
      'RUN echo "$ONE, $TWO" > /args; chown 1000:1001 /args',
      'COPY --chown=7:8 file /srv/',
      'ENV GREETING="it\'s me"',
      'USER 7',
      'ENTRYPOINT ["/bin/sh", "/srv/file"]',
      'FROM first AS last',
      'RUN exit 1',
    ].join('\n'),
  );
  const rootfs: RootfsSource = {
    ...source,
    dockerfile: 'app/etc/Build.file',
    context: 'app',
    buildArgs: { ONE: 'a b=c', TWO: '$HOME "q" --x' },
    target: 'first',
  };
  const built = await shop.build(rootfs);
  requireClean(built.rootfsPath);
  expect(textAt(built.rootfsPath, '/args')).toBe('a b=c, $HOME "q" --x\n');
  expect(inodeAt(built.rootfsPath, '/args')).toMatchObject({ uid: 1000, gid: 1001 });
  expect(textAt(built.rootfsPath, '/srv/file')).toBe('of the context');
  expect(inodeAt(built.rootfsPath, '/srv/file')).toMatchObject({ uid: 7, gid: 8 });
  expect(built.init).toBe('none');
  expect(textAt(built.rootfsPath, '/.snapgate/entrypoint')).toContain("'/bin/sh' '/srv/file'");
  expect(textAt(built.rootfsPath, '/.snapgate/environment')).toContain("export 'GREETING=it'\\''s me'");
  expect(shop.logged).toContain('building the head image with buildah');
  const again = await shop.build(rootfs);
  expect(again).toEqual(built);
  expect(shop.logged).toContain('the head disk of app/etc/Build.file, built by buildah is in the cache');
});

test('an image in the local storage, by its name and by its id', async () => {
  const storage = {
    driver: 'vfs',
    graphroot: join(shop.folder, 'storage'),
    runroot: join(shop.folder, 'storage-run'),
  };
  const lines = Object.entries(storage).map(([key, value]) => `${key} = "${value}"`);
  vi.stubEnv('CONTAINERS_STORAGE_CONF', shop.file('storage.conf', `[storage]\n${lines.join('\n')}\n`));
  context(shop, 'echo local > /which');
  const id = execFileSync(
    'buildah',
    ['build', '-q', '--isolation', 'chroot', '-t', 'guest:1', shop.checkout],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  ).trim();
  // A folder may be called like an image.
  mkdirSync(join(shop.checkout, 'guest:1'));
  const named = await shop.build({ kind: 'image', reference: 'guest:1' });
  requireClean(named.rootfsPath);
  expect(textAt(named.rootfsPath, '/which')).toBe('local\n');
  expect(inodeAt(named.rootfsPath, '/run/.containerenv')).toBeUndefined();
  expect(await shop.build({ kind: 'image', reference: id })).toEqual(named);
  expect(shop.logged.at(-1)).toBe(`the head disk of the image ${id} is in the cache`);
});

test('two runs that build one Dockerfile at once both succeed, and make one disk', async () => {
  using other = openWorkshop({ cacheDir: shop.run.cacheDir });
  for (const each of [shop, other]) context(each, 'echo hello > /greeting');
  const [one, two] = await Promise.all([shop.build(source), other.build(source)]);
  expect(one.rootfsSha256).toBe(two.rootfsSha256);
  expect(readFileSync(one.rootfsPath).equals(readFileSync(two.rootfsPath))).toBe(true);
});

test('a build that is interrupted ends at once, and leaves no process, container or file', async () => {
  context(shop, 'echo waiting; sleep 600');
  const building = refusal(shop.build(source));
  while (!shop.logged.includes('waiting')) await wait(20);
  shop.abort.abort(new SnapgateError('interrupted', 'interrupted by SIGTERM', 'Again.'));
  closeRun(shop.run.dir);
  expect((await building).code).toBe('interrupted');
  expect(existsSync(shop.run.dir)).toBe(false);
  expect(
    execFileSync('sh', ['-c', 'cat /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"'], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    }),
  ).not.toContain(shop.run.id);
  expect(readdirSync(join(shop.run.cacheDir, 'content')).filter((name) => name !== 'users')).toEqual([]);
  using next = openWorkshop({ cacheDir: shop.run.cacheDir });
  context(next, 'echo done > /done');
  expect(textAt((await next.build(source)).rootfsPath, '/done')).toBe('done\n');
  const storage = join(shop.run.cacheDir, 'buildah');
  expect(readdirSync(shop.run.cacheDir).filter((name) => name.startsWith('buildah'))).toEqual(['buildah']);
  expect(readdirSync(join(storage, 'tmp'))).toEqual([next.run.id]);
  const containers = readFileSync(join(storage, 'storage/vfs-containers/containers.json'), 'utf8');
  expect(JSON.parse(containers)).toEqual([]);
});

test('layers stay for the next run, within the limit of the cache', async () => {
  context(shop, 'echo one > /which');
  await shop.build(source);
  closeRun(shop.run.dir);
  using second = openWorkshop({ cacheDir: shop.run.cacheDir });
  context(second, 'echo one > /which');
  await second.build(source);
  expect(second.logged.filter((line) => line.includes('Using cache')).length).toBe(2);
  closeRun(second.run.dir);
  using third = openWorkshop({ cacheDir: shop.run.cacheDir });
  context(third, 'echo one > /which');
  await third.build(source, { cacheLimitBytes: 1_000_000 });
  expect(third.logged.filter((line) => line.includes('Using cache'))).toEqual([]);
  expect(third.logged.join('\n')).toMatch(/the layers of earlier builds take [\d.]+ MiB: they are removed/);
  // Not between the sides of one run, which share layers.
  await third.build(source, { side: 'base', cacheLimitBytes: 1_000_000 });
  expect(third.logged.filter((line) => line.includes('Using cache')).length).toBe(2);
});

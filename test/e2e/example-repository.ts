import { copyFileSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  commitFiles,
  createOrigin,
  type Files,
  git,
  type PullRequest,
  pushPullRequest,
} from '../baseline/repository.ts';
import { testCacheDir } from './cache.ts';

/** A guest of one busybox under its own init: its Dockerfile builds in seconds and without a network, and it boots in seconds under TCG. */
const guest: Files = {
  'guest/Dockerfile': 'FROM scratch\nCOPY root/ /\n',
  'guest/root/etc/inittab': '::sysinit:/bin/mount -t proc proc /proc\n',
  'guest/root/etc/noise.sh': `while dd if=/dev/zero of=/tmp/noise bs=64k count=64 conv=notrunc 2>/dev/null; do sleep 0.1; done\n`,
  'README.md': 'A guest.\n',
  '.gitignore': 'snapgate-report/\n',
};

/** Inputs that a snapgate.yml may set. */
export type Settings = Readonly<Record<string, string | number>>;

/**
 * What a test has time for; the workflows are run as they are. A guest at rest writes some 300 KiB a cycle, on a busy machine now more and
 * now less: what is to be found must be well above that.
 */
const usualSettings: Settings = {
  accel: 'tcg',
  'memory-size': '128MiB',
  'disk-size': '64MiB',
  boots: 3,
  cycles: 1,
  warmup: 1,
  scenarios: 'wait',
  'min-growth': '1MiB',
};

/**
 * One boot and one cycle of each side, which is enough for a cap: it is between what a quiet and what a noisy guest write.
 */
export const quickSettings: Settings = { boots: 1, cycles: 1, warmup: 0, 'max-memfile-written': '2MiB' };

function snapgateFile(settings: Settings): string {
  const defaults = Object.entries({ ...usualSettings, ...settings });
  const lines = defaults.map(([name, value]) => `  ${name}: ${value}\n`);
  return `defaults:\n${lines.join('')}scenarios:\n  wait:\n    settle: 2s\n`;
}

/** Folders that an image has and git does not keep when they are empty. */
const folders = ['proc', 'sys', 'dev', 'tmp', 'var/tmp', 'root'];
const applets = ['sh', 'cat', 'dd', 'ls', 'mkdir', 'mount', 'sleep', 'true'];

/** A change of the guest: a service that rewrites 4 MiB again and again. */
export const noisyGuest: Files = {
  'guest/root/etc/inittab': '::sysinit:/bin/mount -t proc proc /proc\n::respawn:/bin/sh /etc/noise.sh\n',
};

/** A change of the guest that dirties nothing. */
export const quietGuest: Files = { 'guest/root/etc/motd': 'Welcome.\n' };

/** A change of the guest's source of which its image has nothing: the same bytes, which need no boot. */
export function sameGuest(comment: string): Files {
  return { 'guest/Dockerfile': `# ${comment}\nFROM scratch\nCOPY root/ /\n` };
}

export interface ExampleRepository {
  /** Address for actions/checkout. */
  readonly origin: string;
  /** A full clone that pushes. */
  readonly clone: string;
  /** Last commit of main. */
  main(): string;
  /** Commits to main and pushes; the new commit. */
  push(files: Files): string;
  /** Pushes a pull request into main as it is now, or as it was at `base`, that left it there or at `forkPoint`. */
  pullRequest(number: number, files: Files, base?: string, forkPoint?: string): PullRequest;
}

/** A repository as the example workflows expect one: the guest's Dockerfile in `guest/`, its default branch `main`. */
export function createExampleRepository(folder: string, settings: Settings = {}): ExampleRepository {
  mkdirSync(folder, { recursive: true });
  const { url, clone } = createOrigin(folder);
  git(clone, 'checkout', '--quiet', '-b', 'main');
  addBusybox(join(clone, 'guest/root'));
  commitFiles(clone, { ...guest, 'snapgate.yml': snapgateFile(settings) }, 'guest');
  git(clone, 'push', '--quiet', 'origin', 'main');
  const main = () => git(clone, 'rev-parse', 'main');
  return {
    origin: url,
    clone,
    main,
    push: (files) => {
      git(clone, 'checkout', '--quiet', 'main');
      const commit = commitFiles(clone, files);
      git(clone, 'push', '--quiet', 'origin', 'main');
      return commit;
    },
    pullRequest: (number, files, base = main(), forkPoint = base) =>
      pushPullRequest(clone, number, base, files, forkPoint),
  };
}

function addBusybox(root: string): void {
  for (const name of ['bin', 'sbin', ...folders]) mkdirSync(join(root, name), { recursive: true });
  copyFileSync('/bin/busybox', join(root, 'bin/busybox'));
  for (const name of applets) symlinkSync('busybox', join(root, 'bin', name));
  symlinkSync('../bin/busybox', join(root, 'sbin/init'));
  for (const name of folders) copyFileSync('/dev/null', join(root, name, '.keep'));
}

/**
 * Variables by which the action finds its cache where the other tests have theirs, kernels and all, though no workflow names a
 * `cache-dir`; and no docker daemon, so that all machines build alike.
 */
export function exampleEnvironment(): Record<string, string> {
  const home = join(dirname(testCacheDir), 'xdg');
  mkdirSync(home, { recursive: true });
  mkdirSync(testCacheDir, { recursive: true });
  if (!existsSync(join(home, 'snapgate'))) symlinkSync(testCacheDir, join(home, 'snapgate'));
  return { XDG_CACHE_HOME: home, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
}

import { randomInt } from 'node:crypto';
import {
  constants,
  copyFileSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { SnapgateError } from '../../host/error.ts';
import type { FirecrackerHost } from './host.ts';

/**
 * The folder that one Firecracker process lives in and sees as its working directory: a plain one, or the root of its jail. Every path that
 * goes over the API is a name in it, which has two merits: a Unix socket's path is always short enough, and a snapshot, which remembers the
 * paths of its disk and vsock, can be moved and copied.
 */
export interface Place {
  readonly root: string;
  /** What starts Firecracker there. */
  readonly command: readonly [string, ...string[]];
  /** How /proc/PID/maps calls a file of the place. */
  mappedAs(name: string): string;
  /** Makes a file of the snapshot's folder (the same file, not a copy) appear under its own name. */
  link(path: string): void;
  /** A file that Firecracker only reads and that may be anywhere: the path that it knows it by. */
  bring(path: string, name: string): string;
  /** Makes an empty file that Firecracker may write to. */
  touch(name: string): void;
  /**
   * Moves a file that Firecracker has made to a path outside. What is in a jail is the jailed's, and a guest may have broken into it: a link
   * there would lead root, which reads and chowns the file, to any of the host's.
   *
   * @throws SnapgateError `host` unless it is an ordinary file
   */
  take(name: string, path: string): void;
  /** Removes the folder. */
  remove(): void;
}

/** Names of what a Firecracker makes in its place. */
export const socketName = 'api.sock';
export const vsockName = 'vsock';
export const logName = 'firecracker.log';

/** Logs to a file from its first line on: what is on stdout is then the guest's alone. */
const firecrackerArguments = [
  ...['--api-sock', socketName],
  ...['--log-path', logName, '--level', 'Info', '--show-level'],
];

/** Makes a place in the snapshot's folder `dir`: on the same file system, since files are linked into it. */
export function openPlace({ binary, jailer }: FirecrackerHost, dir: string, id: string): Place {
  return jailer === undefined ? plainPlace(binary, dir, id) : jail(binary, jailer, dir, id);
}

function plainPlace(binary: string, dir: string, id: string): Place {
  const root = join(dir, `vm-${id}`);
  mkdirSync(root, { mode: 0o700 });
  return {
    root,
    command: [binary, '--id', id, ...firecrackerArguments],
    mappedAs: (name) => join(realpathSync(root), name),
    link: (path) => linkSync(path, join(root, basename(path))),
    bring: (path) => resolve(path),
    touch: (name) => writeFileSync(join(root, name), '', { mode: 0o600 }),
    take: (name, path) => takeFile(join(root, name), path),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Users of this kind are nobody else's (Debian Policy, 9.2.2), and there are as many in a user namespace of 65,536. */
const firstJailUid = 65_000;
const jailUids = 500;

/**
 * The jailer enters a chroot and becomes a user of its own, which clears the signal that setpriv has set for the end of snapgate. So it runs
 * in a process namespace whose first process, a shell, keeps that signal: when the shell ends, the kernel ends all that is in there.
 */
function jail(binary: string, jailer: string, dir: string, id: string): Place {
  const base = join(dir, `jail-${id}`);
  // As the jailer makes it: BASE/NAME OF THE BINARY/ID/root.
  const root = join(base, basename(realpathSync(binary)), id, 'root');
  mkdirSync(root, { recursive: true, mode: 0o700 });
  const uid = firstJailUid + randomInt(jailUids);
  const own = (path: string) => lchownSync(path, uid, uid);
  const inner = [
    ...[jailer, '--id', id, '--exec-file', binary, '--uid', String(uid), '--gid', String(uid)],
    ...['--chroot-base-dir', base, '--', ...firecrackerArguments],
  ];
  // A shell gives what it starts with & an empty input of its own.
  const wait = 'exec 3<&0; "$@" <&3 3<&- & wait "$!"';
  return {
    root,
    command: ['unshare', '--pid', '--fork', '--kill-child=KILL', '--', 'sh', '-c', wait, 'sh', ...inner],
    // In a mount namespace of its own, whose root the kernel names paths from.
    mappedAs: (name) => `/${name}`,
    link: (path) => {
      // Where no jailed process can put something else in its place.
      own(path);
      linkSync(path, join(root, basename(path)));
    },
    bring: (path, name) => {
      copyFileSync(path, join(root, name), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
      own(join(root, name));
      return name;
    },
    touch: (name) => {
      writeFileSync(join(root, name), '', { mode: 0o600 });
      own(join(root, name));
    },
    take: (name, path) => takeFile(join(root, name), path),
    remove: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** It is looked at where it is then, which nobody else writes to. */
function takeFile(from: string, path: string): void {
  renameSync(from, path);
  if (lstatSync(path).isFile()) return;
  rmSync(path, { recursive: true });
  throw new SnapgateError(
    'host',
    `Firecracker left something at ${basename(from)} that is no file`,
    'Nothing of it was used. No Firecracker does that: a guest may have broken out of its virtual machine.',
  );
}

import { join } from 'node:path';
import {
  commitFiles,
  createOrigin,
  type Files,
  git,
  type PullRequest,
  pushPullRequest,
  shallowCheckout,
  writeFiles,
} from '../baseline/repository.ts';

/** A guest of one busybox under its own init: boots in seconds under TCG, and has its own build, as e2b's templates do. */
export const guest: Files = {
  'build.sh': {
    mode: 0o755,
    text: `#!/bin/sh
set -eu
rm -rf out
mkdir -p out/root
cd out/root
mkdir -p bin sbin etc proc sys dev tmp var/tmp root
cp /bin/busybox bin/busybox
for name in sh cat dd ls mkdir mount sleep true; do ln -s busybox bin/$name; done
ln -s ../bin/busybox sbin/init
cp ../../inittab ../../noise.sh etc/
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf ../rootfs.tar .
`,
  },
  'noise.sh': `while dd if=/dev/zero of=/tmp/noise bs=64k count=64 conv=notrunc 2>/dev/null; do sleep 0.1; done\n`,
  inittab: '::sysinit:/bin/mount -t proc proc /proc\n',
  '.gitignore': 'out/\nsnapgate-report/\n',
  'snapgate.yml': 'scenarios:\n  wait:\n    settle: 500ms\n',
};

/** What the pull request changes: a service that rewrites 4 MiB again and again. */
export const noisyChange: Files = {
  inittab: '::sysinit:/bin/mount -t proc proc /proc\n::respawn:/bin/sh /etc/noise.sh\n',
};

/** A change of the image that dirties nothing: images that are the same bytes need no boot. */
export const quietChange: Files = {
  inittab: '# Mounts what ps needs.\n::sysinit:/bin/mount -t proc proc /proc\n',
};

/** Inputs that measure this guest in the least time that still gives an interval. */
export const quickInputs: Readonly<Record<string, string>> = {
  'build-command': './build.sh',
  rootfs: 'out/rootfs.tar',
  'memory-size': '128MiB',
  'disk-size': '64MiB',
  accel: 'tcg',
  scenarios: 'wait',
  boots: '3',
  cycles: '2',
  warmup: '1',
};

export interface GuestRepository {
  /** Pushes a pull request to the default branch and checks it out as actions/checkout does by default. */
  pullRequest(number: number, change: Files, workspace: string): PullRequest;
}

/** A repository with the guest's source on its default branch. */
export function createGuestRepository(folder: string): GuestRepository {
  const { url, clone } = createOrigin(folder);
  writeFiles(clone, guest);
  git(clone, 'checkout', '--quiet', '-b', 'main');
  commitFiles(clone, {}, 'older');
  const base = commitFiles(clone, guest, 'guest');
  git(clone, 'push', '--quiet', 'origin', 'main');
  return {
    pullRequest: (number, change, workspace) => {
      const pull = pushPullRequest(clone, number, base, change);
      shallowCheckout(join(folder, workspace), url, pull);
      return pull;
    },
  };
}

/** What GitHub sends for a pull request, as far as anybody could read it. */
export function pullRequestPayload(pull: PullRequest): object {
  return {
    action: 'synchronize',
    number: pull.number,
    pull_request: {
      number: pull.number,
      title: 'A change',
      head: { ref: 'feature', sha: pull.headSha },
      base: { ref: 'main', sha: pull.baseSha },
    },
  };
}

import type { Config } from '../config/types.ts';
import { hasCommand } from '../host/process.ts';

/** What a gate calls on any machine: for the guest, its kernel and initrd, its disk, and the base commit. */
const always = [
  ...['qemu-system-x86_64', 'qemu-img', 'setpriv', 'git'],
  ...['busybox', 'cpio', 'modprobe', 'xz', 'zstd'],
  ...['mke2fs', 'debugfs', 'fakeroot'],
] as const;

/** The commands that a run with this configuration calls. */
export function prerequisitesOf(config: Config): readonly string[] {
  const needsBuilder = config.image?.rootfs.kind === 'dockerfile' && !hasCommand('docker');
  // Without root, buildah needs ids for the users of the image.
  return needsBuilder ? [...always, 'buildah', 'newuidmap'] : always;
}

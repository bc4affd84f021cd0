import { buildsItself } from '../config/config.ts';
import type { Config } from '../config/types.ts';
import { hasCommand } from '../host/process.ts';
import { archiveCommands, autoCommands, imageCommands } from '../image/commands.ts';

/** What a gate calls on any machine: for processes that end with it, and for the base commit. */
const always = ['setpriv', 'git'] as const;

/** The commands that a run with this configuration calls, of those that come in packages. */
export function prerequisitesOf({ image, measure }: Config): readonly string[] {
  const makesImage = image !== undefined || !buildsItself(measure.engine);
  const needsBuilder = image?.rootfs.kind === 'dockerfile' && !hasCommand('docker');
  return [
    ...always,
    // Firecracker, Go, Docker and the like are the runner's to have.
    ...(measure.engine.kind === 'qemu' ? ['qemu-system-x86_64', 'qemu-img'] : []),
    ...(makesImage ? [...imageCommands, ...autoCommands, ...archiveCommands] : []),
    // Without root, buildah needs ids for the users of the image.
    ...(needsBuilder ? ['buildah', 'newuidmap'] : []),
  ];
}

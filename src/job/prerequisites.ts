import { buildsItself } from '../config/config.ts';
import type { Config } from '../config/types.ts';
import { hasCommand } from '../host/process.ts';
import { archiveCommands, autoCommands, imageCommands } from '../image/commands.ts';

/** What a gate calls on any machine: for processes that end with it, and for the base commit. */
const always = ['setpriv', 'git'] as const;

/** What the engines call beside that. Firecracker, Go, Docker and the like are the runner's to have. */
const ofEngine: Readonly<Record<Config['measure']['engine']['kind'], readonly string[]>> = {
  qemu: ['qemu-system-x86_64', 'qemu-img'],
  firecracker: ['perl'],
  e2b: [],
  command: ['perl'],
};

/** The commands that a run with this configuration calls, of those that come in packages. */
export function prerequisitesOf({ image, measure }: Config): readonly string[] {
  const makesImage = image !== undefined || !buildsItself(measure.engine);
  const needsBuilder = image?.rootfs.kind === 'dockerfile' && !hasCommand('docker');
  return [
    ...always,
    ...ofEngine[measure.engine.kind],
    ...(makesImage ? [...imageCommands, ...autoCommands, ...archiveCommands] : []),
    // Without root, buildah needs ids for the users of the image.
    ...(needsBuilder ? ['buildah', 'newuidmap'] : []),
  ];
}

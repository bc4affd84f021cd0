import { type ContainerConfig, commandWords } from '../guest/init.ts';
import type { Run } from '../host/run.ts';
import { readTextFile, resolvePath } from './debugfs.ts';

/** Who is PID 1 in an image, and by which path. */
export type Init =
  | { readonly kind: 'systemd'; readonly path: string }
  | { readonly kind: 'init'; readonly path: string; readonly isEntrypoint: boolean }
  | { readonly kind: 'none' };

/** The kernel's own order (init/main.c), without its /bin/sh; then /init, which some images boot by. */
const initPaths = ['/sbin/init', '/etc/init', '/bin/init', '/init'];
const systemdPaths = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'];

/**
 * Finds the init of an ext4, following symlinks inside of it.
 *
 * - busybox links an `init` into every image that it is installed in (Alpine's, its own); it is the image's init only where something
 *   tells it what to start;
 * - a systemd that nothing links to as init counts only where the image names no ENTRYPOINT or CMD: it may be there as a dependency.
 */
export async function findInit(
  run: Run,
  rootfsPath: string,
  container: ContainerConfig | undefined,
): Promise<Init> {
  const words = container === undefined ? [] : commandWords(container);
  for (const path of initPaths) {
    const found = await executableAt(run, rootfsPath, path);
    const isEntrypoint = words[0] === path;
    if (found === undefined) continue;
    if (found.endsWith('/systemd')) return { kind: 'systemd', path };
    if (isEntrypoint || !found.endsWith('/busybox') || (await isBusyboxInitSetUp(run, rootfsPath)))
      return { kind: 'init', path, isEntrypoint };
  }
  if (words.length > 0) return { kind: 'none' };
  for (const path of systemdPaths)
    if (await executableAt(run, rootfsPath, path)) return { kind: 'systemd', path };
  return { kind: 'none' };
}

/** By an inittab (Alpine has one in every image, which starts an OpenRC that containers lack), else by init's default, /etc/init.d/rcS. */
async function isBusyboxInitSetUp(run: Run, rootfsPath: string): Promise<boolean> {
  const inittab = await readTextFile(run, rootfsPath, '/etc/inittab');
  if (inittab === undefined) return (await executableAt(run, rootfsPath, '/etc/init.d/rcS')) !== undefined;
  if (!inittab.includes('/sbin/openrc')) return true;
  return (await executableAt(run, rootfsPath, '/sbin/openrc')) !== undefined;
}

async function executableAt(run: Run, rootfsPath: string, path: string): Promise<string | undefined> {
  const found = await resolvePath(run, rootfsPath, path);
  return found?.entry.type === 'file' && (found.entry.mode & 0o111) !== 0 ? found.path : undefined;
}

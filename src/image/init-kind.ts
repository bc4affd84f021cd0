import type { ContainerConfig } from '../guest/init.ts';
import type { Run } from '../host/run.ts';
import { resolvePath } from './debugfs.ts';

/** Who is PID 1 in an image, and by which path. */
export type Init =
  | { readonly kind: 'systemd'; readonly path: string }
  | { readonly kind: 'init'; readonly path: string; readonly isEntrypoint: boolean }
  | { readonly kind: 'none' };

/** The kernel's own order (init/main.c), without its /bin/sh; then /init, which some images boot by. */
const initPaths = ['/sbin/init', '/etc/init', '/bin/init', '/init'];
const systemdPaths = ['/lib/systemd/systemd', '/usr/lib/systemd/systemd'];

/**
 * Finds the init of an ext4, following symlinks inside of it. A systemd that nothing links to as init counts only where the image says
 * nothing of how it is started: it may be there as a dependency of something.
 */
export async function findInit(
  run: Run,
  rootfsPath: string,
  container: ContainerConfig | undefined,
): Promise<Init> {
  const words = [...(container?.entrypoint ?? []), ...(container?.cmd ?? [])];
  for (const path of initPaths) {
    const found = await executableAt(run, rootfsPath, path);
    if (found === undefined) continue;
    if (found.endsWith('/systemd')) return { kind: 'systemd', path };
    return { kind: 'init', path, isEntrypoint: words[0] === path };
  }
  if (words.length > 0) return { kind: 'none' };
  for (const path of systemdPaths)
    if (await executableAt(run, rootfsPath, path)) return { kind: 'systemd', path };
  return { kind: 'none' };
}

async function executableAt(run: Run, rootfsPath: string, path: string): Promise<string | undefined> {
  const found = await resolvePath(run, rootfsPath, path);
  return found?.entry.type === 'file' && (found.entry.mode & 0o111) !== 0 ? found.path : undefined;
}

import { existsSync, realpathSync } from 'node:fs';
import { isAbsolute, join, sep } from 'node:path';
import { SnapgateError } from '../host/error.ts';

/**
 * The real path of what an input names in a checkout. It must be there, and within the checkout even after symlinks; only where
 * `absolute` allows it may a path that is given absolute lie elsewhere.
 */
export function resolveCheckoutPath(
  checkout: string,
  path: string,
  what: string,
  absolute: 'allowed' | 'refused',
): string {
  const full = placeInCheckout(checkout, path, what, absolute);
  if (!existsSync(full))
    throw new SnapgateError(
      'image',
      `${what}: ${path} is not in ${checkout}`,
      'Check the path: it is relative to the checkout of the side, and base and head each have their own.',
    );
  const real = realpathSync(full);
  if (isAbsolute(path) || isWithin(real, realpathSync(checkout))) return real;
  throw leavesCheckout(path, what);
}

/** The same for a file that need not be there yet. */
export function placeInCheckout(
  checkout: string,
  path: string,
  what: string,
  absolute: 'allowed' | 'refused',
): string {
  if (path === '' || path.includes('\0'))
    throw new SnapgateError('usage', `${what} is not a path`, 'Give a path relative to the checkout.');
  if (isAbsolute(path)) {
    if (absolute === 'allowed' || isWithin(join(path), checkout)) return join(path);
    throw leavesCheckout(path, what);
  }
  const full = join(checkout, path);
  if (isWithin(full, join(checkout))) return full;
  throw leavesCheckout(path, what);
}

function isWithin(path: string, folder: string): boolean {
  const root = folder.endsWith(sep) ? folder.slice(0, -1) : folder;
  return path === root || path === `${root}${sep}` || path.startsWith(`${root}${sep}`);
}

function leavesCheckout(path: string, what: string): SnapgateError {
  return new SnapgateError(
    'usage',
    `${what}: ${path} leads out of the checkout`,
    'Name something within the repository. Only rootfs and kernel may lie elsewhere, given as absolute paths.',
  );
}

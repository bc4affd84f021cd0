import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { isAbsolute, join, sep } from 'node:path';
import { SnapgateError } from '../host/error.ts';

/**
 * The real path of what an input names in a checkout. It must be there, readable, and within the checkout even after symlinks; only
 * where `absolute` allows it may a path that is given absolute lie elsewhere.
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
      isAbsolute(path) ? `${what}: there is no ${path}` : `${what}: ${path} is not in ${checkout}`,
      'Check the path: a relative one is below the checkout of the side, and base and head each have their own.',
    );
  const real = realpathSync(full);
  // What lies in the checkout is whatever a commit made of it, and may be a symlink; elsewhere it is the user's own.
  if (isInCheckout(full, checkout) && !isWithin(real, realpathSync(checkout)))
    throw leavesCheckout(path, what);
  requireReadable(real, what);
  return real;
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
  const full = isAbsolute(path) ? join(path) : join(checkout, path);
  if (isInCheckout(full, checkout) || (isAbsolute(path) && absolute === 'allowed')) return full;
  throw leavesCheckout(path, what);
}

/** By its name alone; the checkout may itself be given by a symlink, and the path without it. */
function isInCheckout(full: string, checkout: string): boolean {
  return isWithin(full, join(checkout)) || isWithin(full, realpathSync(checkout));
}

function isWithin(path: string, folder: string): boolean {
  const root = folder.endsWith(sep) ? folder.slice(0, -1) : folder;
  return path === root || path.startsWith(`${root}${sep}`);
}

function requireReadable(path: string, what: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw new SnapgateError(
      'image',
      `${what}: ${path} is not readable to this user`,
      'Change its permissions (chmod a+r), or run snapgate as its owner.',
      { cause: error },
    );
  }
}

function leavesCheckout(path: string, what: string): SnapgateError {
  return new SnapgateError(
    'usage',
    `${what}: ${path} leads out of the checkout`,
    'Name something within the repository. Only rootfs, image, kernel and initrd may lie elsewhere, given as absolute paths.',
  );
}

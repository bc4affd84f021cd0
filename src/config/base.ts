import { SnapgateError } from '../host/error.ts';
import { quoteText } from './names.ts';
import type { BaseSpec } from './types.ts';

const remedy =
  'Write auto, none, ref:REF, image:REFERENCE, rootfs:PATH or measurement:FILE; a branch called main is ref:main.';

/** `ref:main`, `image:NAME`, `rootfs:PATH`, `measurement:FILE`, `auto` or `none`; anything else is an error that names `where`. */
export function baseOf(text: string, where: string): BaseSpec {
  const trimmed = text.trim();
  if (trimmed === 'auto' || trimmed === 'none') return { kind: trimmed };
  const colon = trimmed.indexOf(':');
  const kind = trimmed.slice(0, Math.max(0, colon));
  const rest = trimmed.slice(colon + 1);
  if (rest === '' || rest.includes('\n') || rest.includes('\0')) throw notABase(text, where);
  switch (kind) {
    case 'ref':
      return { kind, ref: checkedRef(rest, where) };
    case 'image':
      return { kind, reference: rest };
    case 'rootfs':
    case 'measurement':
      return { kind, path: rest };
    default:
      throw notABase(text, where);
  }
}

/** Git would read a leading dash as an option. */
function checkedRef(ref: string, where: string): string {
  if (!ref.startsWith('-') && !/\s/.test(ref)) return ref;
  throw new SnapgateError(
    'usage',
    `${where}: ${quoteText(ref)} cannot be a git ref`,
    'Name a branch, a tag or a commit.',
  );
}

function notABase(text: string, where: string): SnapgateError {
  return new SnapgateError('usage', `${where}: ${quoteText(text)} is not a base`, remedy);
}

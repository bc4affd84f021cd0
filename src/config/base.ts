import { SnapgateError } from '../host/error.ts';
import { quoteText } from './names.ts';
import type { BaseSpec, HeadSpec, SideSpec } from './types.ts';

const kinds = 'ref:REF, image:REFERENCE, rootfs:PATH or measurement:FILE; a branch called main is ref:main.';

/** `ref:main`, `image:NAME`, `rootfs:PATH`, `measurement:FILE`, `auto`, `cache` or `none`; anything else is an error that names `where`. */
export function baseOf(text: string, where: string): BaseSpec {
  const trimmed = text.trim();
  if (trimmed === 'auto' || trimmed === 'cache' || trimmed === 'none') return { kind: trimmed };
  return sideOf(text, where, 'base', `Write auto, cache, none, ${kinds}`);
}

/** Like `baseOf`, with `checkout` for what the workspace holds. */
export function headOf(text: string, where: string): HeadSpec {
  if (text.trim() === 'checkout') return { kind: 'checkout' };
  return sideOf(text, where, 'head', `Write checkout, ${kinds}`);
}

function sideOf(text: string, where: string, what: string, remedy: string): SideSpec {
  const unknown = new SnapgateError('usage', `${where}: ${quoteText(text)} is not a ${what}`, remedy);
  const trimmed = text.trim();
  const colon = trimmed.indexOf(':');
  const kind = trimmed.slice(0, Math.max(0, colon));
  const rest = trimmed.slice(colon + 1);
  if (rest === '' || rest.includes('\n') || rest.includes('\0')) throw unknown;
  switch (kind) {
    case 'ref':
      return { kind, ref: checkedRef(rest, where) };
    case 'image':
      return { kind, reference: rest };
    case 'rootfs':
    case 'measurement':
      return { kind, path: rest };
    default:
      throw unknown;
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

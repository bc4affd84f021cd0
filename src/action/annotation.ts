import type { FilePlace } from '../baseline/changed-file.ts';
import type { Comparison, Row } from '../gate/record.ts';
import type { NamedRow } from './judged.ts';
import { plainText } from './log.ts';

export interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly message: string;
  /** Where one file is to blame: relative to the root of the repository, and the line from 1. */
  readonly file?: string;
  readonly line?: number;
}

/** GitHub cuts an annotation's message at 64 KB; people stop long before. */
const maxChars = 4000;

/** Of a comparison alone a row has no entry. */
type ReasonedRow = Row & Partial<Pick<NamedRow, 'entry'>>;

/**
 * What the checks page shall say of a verdict: an error for what fails the step; a warning for a warning, and for what would have failed the
 * step but was told not to; nothing for a pass.
 * @param exit the step's exit status, and what the verdict alone would have made it.
 * @param place the one file that is to blame, if there is one.
 */
export function annotationOf(
  {
    verdict,
    headline,
    rows,
    crept = [],
  }: Pick<Comparison, 'verdict' | 'headline'> & {
    readonly rows: readonly ReasonedRow[];
    /** Why the history fails. */
    readonly crept?: readonly string[];
  },
  exit: { readonly code: number; readonly wanted: number },
  place?: FilePlace,
): Annotation | undefined {
  if (exit.wanted === 0 && verdict !== 'warn') return undefined;
  const reasons = [...rows.filter((row) => row.verdict === verdict).map(reasonOf), ...crept];
  return {
    level: exit.code === 0 ? 'warning' : 'error',
    title: plainText(`snapgate: ${headline}`),
    message: plainText(reasons.length === 0 ? headline : reasons.join('\n')).slice(0, maxChars),
    ...(place !== undefined && isPlain(place.path) ? { file: place.path, line: place.line } : {}),
  };
}

function reasonOf(row: ReasonedRow): string {
  return `${row.entry ? `${row.entry} ` : ''}${row.scenario} ${row.metric}: ${row.reason}`;
}

/** A name that the runner would take for something else has no place in a command of ours. */
function isPlain(path: string): boolean {
  return path !== '' && path.length <= 1000 && !/[\p{C}\\]|##\[/u.test(path) && !path.startsWith('/');
}

import type { FilePlace } from '../baseline/changed-file.ts';
import type { Comparison, Row } from '../gate/record.ts';
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

/**
 * What the checks page shall say of a verdict: an error for what fails the check, a warning for what could; nothing for a pass.
 * @param place the one file that is to blame, if there is one.
 */
export function annotationOf(
  { verdict, headline, rows }: Pick<Comparison, 'verdict' | 'headline'> & { readonly rows: readonly Row[] },
  exitCode: number,
  place?: FilePlace,
): Annotation | undefined {
  if (exitCode === 0 && verdict !== 'warn') return undefined;
  const reasons = rows.filter((row) => row.verdict === verdict).map(reasonOf);
  return {
    level: exitCode === 0 ? 'warning' : 'error',
    title: plainText(`snapgate: ${headline}`),
    message: plainText(reasons.length === 0 ? headline : reasons.join('\n')).slice(0, maxChars),
    ...(place !== undefined && isPlain(place.path) ? { file: place.path, line: place.line } : {}),
  };
}

function reasonOf(row: Row): string {
  return `${row.scenario} ${row.metric}: ${row.reason}`;
}

/** A name that the runner would take for something else has no place in a command of ours. */
function isPlain(path: string): boolean {
  return path !== '' && path.length <= 1000 && !/[\p{C}\\]|##\[/u.test(path) && !path.startsWith('/');
}

import type { Comparison, Row } from '../gate/record.ts';
import { plainText } from './log.ts';

export interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly message: string;
}

/** GitHub cuts an annotation's message at 64 KB; people stop long before. */
const maxChars = 4000;

/** What the checks page shall say of a verdict: an error for what fails the check, a warning for what could; nothing for a pass. */
export function annotationOf(comparison: Comparison, exitCode: number): Annotation | undefined {
  const { verdict, headline, rows } = comparison;
  if (exitCode === 0 && verdict !== 'warn') return undefined;
  const reasons = rows.filter((row) => row.verdict === verdict).map(reasonOf);
  return {
    level: exitCode === 0 ? 'warning' : 'error',
    title: plainText(`snapgate: ${headline}`),
    message: plainText(reasons.length === 0 ? headline : reasons.join('\n')).slice(0, maxChars),
  };
}

function reasonOf(row: Row): string {
  return `${row.scenario} ${row.metric}: ${row.reason}`;
}

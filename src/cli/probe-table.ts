import type { EngineReport } from '../engine/contract.ts';
import { identityWords } from '../engine/identity-words.ts';
import { printable } from '../host/printable.ts';
import { green, red, yellow } from './log.ts';

/** What `probe` prints: a line for each check, and below the ones that failed what to type. */
export function probeTable(report: EngineReport, color: boolean): string {
  const width = Math.max(...report.checks.map(({ what }) => what.length));
  const lines = report.checks.flatMap(({ what, ok, required, found, remedy }) => {
    const mark = ok ? green('ok  ', color) : required ? red('FAIL', color) : yellow('warn', color);
    const line = `${mark}  ${what.padEnd(width)}  ${printable(found)}`;
    return ok || remedy === undefined ? [line] : [line, `      ${' '.repeat(width)}  → ${remedy}`];
  });
  return `${[...lines, '', conclusion(report)].join('\n')}\n`;
}

function conclusion({ ok, identity, fallback }: EngineReport): string {
  if (!ok || !identity) return 'This machine cannot run guests yet: see the lines marked FAIL.';
  const ready = printable(`Ready: ${identityWords(identity)}.`);
  return fallback === undefined ? ready : `${ready}\n${printable(fallback)}`;
}

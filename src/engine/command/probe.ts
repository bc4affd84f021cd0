import { createHash } from 'node:crypto';
import { printable } from '../../host/printable.ts';
import { runCommand } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import { userShell } from '../../host/shell.ts';
import { formatDuration } from '../../host/units.ts';
import type { EngineReport, HostCheck } from '../contract.ts';
import type { CommandSettings } from '../settings.ts';
import { environmentOf } from './environment.ts';

const longestVersion = 200;
const versionLimitMs = 60_000;

/** What can be known before a guest is booted: whether the version-command works. Only the commands know what they need. */
export async function probeCommands(
  run: Run,
  settings: CommandSettings,
  checkout: string,
): Promise<EngineReport> {
  const version = await readVersion(run, settings, checkout);
  const checks = [shellCheck(), version.check];
  const ok = checks.every((check) => check.ok || !check.required);
  const identity = {
    engine: 'command',
    version: version.text,
    accelerator: 'unknown',
    machine: 'command',
  } as const;
  return { ok, checks, identity: ok ? identity : undefined, fallback: undefined };
}

/** What stands for the commands where they name no version: hex, 12 digits. */
export function hashOfCommands({ prepare, resume, pause, cleanup }: CommandSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([prepare, resume, pause, cleanup ?? null]))
    .digest('hex')
    .slice(0, 12);
}

function shellCheck(): HostCheck {
  const found = `${userShell().command} runs the commands`;
  return { what: 'shell', ok: true, found, remedy: undefined, required: true };
}

async function readVersion(
  run: Run,
  settings: CommandSettings,
  checkout: string,
): Promise<{ readonly text: string; readonly check: HostCheck }> {
  const check = { what: 'version-command', required: true };
  if (settings.version === undefined) {
    const text = `commands ${hashOfCommands(settings)}`;
    return {
      text,
      check: { ...check, ok: true, found: `not given: ${text} stands for it`, remedy: undefined },
    };
  }
  const shell = userShell();
  const timeoutMs = Math.min(settings.timeoutMs, versionLimitMs);
  const head: Buffer[] = [];
  let bytes = 0;
  const { code, signal, timedOut, tail } = await runCommand(
    run,
    shell.command,
    shell.argumentsFor(settings.version),
    {
      cwd: checkout,
      env: environmentOf('version', { SNAPGATE_CHECKOUT: checkout }),
      timeoutMs,
      onStdout: (chunk) => {
        if (bytes < 4096) head.push(chunk.subarray(0, 4096 - bytes));
        bytes += chunk.length;
      },
    },
  );
  const text = printable(
    Buffer.concat(head).toString('utf8').trim().split(/\r?\n/, 1)[0] ?? '',
    longestVersion,
  ).trim();
  if (code === 0 && text !== '')
    return { text, check: { ...check, ok: true, found: text, remedy: undefined } };
  const how = timedOut
    ? `did not end within ${formatDuration(timeoutMs)}`
    : code === 0
      ? 'printed nothing'
      : `exited ${code ?? signal}`;
  const said = tail.at(-1);
  const found = said === undefined || code === 0 ? how : `${how}: ${printable(said, longestVersion)}`;
  const remedy =
    'Let version-command print the version of what runs the guests in one line, or leave it out.';
  return { text, check: { ...check, ok: false, found, remedy } };
}

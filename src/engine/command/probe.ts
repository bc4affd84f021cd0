import { createHash } from 'node:crypto';
import { printable } from '../../host/printable.ts';
import { endOf, runCommand } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import { userShell } from '../../host/shell.ts';
import { formatDuration } from '../../host/units.ts';
import type { EngineReport, HostCheck } from '../contract.ts';
import { allOk, commandCheck } from '../host-checks.ts';
import type { CommandSettings } from '../settings.ts';
import { environmentOf } from './environment.ts';

const longestVersion = 200;
const versionLimitMs = 60_000;
const keptBytes = 4096;

/** What can be known before a guest is booted: whether the version-command works, and what reading their files takes. Only the commands know what they need. */
export async function probeCommands(
  run: Run,
  settings: CommandSettings,
  checkout: string,
): Promise<EngineReport> {
  const version = await readVersion(run, settings, checkout);
  const checks = [shellCheck(), version.check, ...readerChecks(settings)];
  const ok = allOk(checks);
  const identity = {
    engine: 'command',
    version: version.text,
    accelerator: 'unknown',
    machine: 'command',
  } as const;
  return { ok, checks, identity: ok ? identity : undefined, fallback: undefined };
}

/** What stands for the commands where they name no version: hex, 12 digits. */
function hashOfCommands({ prepare, resume, pause, cleanup }: CommandSettings): string {
  return createHash('sha256')
    .update(JSON.stringify([prepare, resume, pause, cleanup ?? null]))
    .digest('hex')
    .slice(0, 12);
}

function shellCheck(): HostCheck {
  const found = `${userShell().command} runs the commands`;
  return { what: 'shell', ok: true, found, remedy: undefined, required: true };
}

/** Where a file has data, perl tells; layers say it themselves. */
function readerChecks({ format }: CommandSettings): HostCheck[] {
  return format === 'e2b' ? [] : [commandCheck('perl', true)];
}

interface Version {
  readonly text: string;
  readonly check: HostCheck;
}

async function readVersion(run: Run, settings: CommandSettings, checkout: string): Promise<Version> {
  if (settings.version === undefined) {
    const text = `commands ${hashOfCommands(settings)}`;
    return { text, check: versionCheck(true, `not given: ${text} stands for it`) };
  }
  const timeoutMs = Math.min(settings.timeoutMs, versionLimitMs);
  const ended = await runVersion(run, settings.version, checkout, timeoutMs);
  const { code, timedOut, tail, head } = ended;
  const text = printable(head.trim().split(/\r?\n/, 1)[0] ?? '', longestVersion).trim();
  if (code === 0)
    return { text, check: text === '' ? versionCheck(false, 'printed nothing') : versionCheck(true, text) };
  const how = timedOut ? `did not end within ${formatDuration(timeoutMs)}` : endOf(ended);
  const said = tail.at(-1) ?? text;
  return {
    text,
    check: versionCheck(false, said === '' ? how : `${how}: ${printable(said, longestVersion)}`),
  };
}

function versionCheck(ok: boolean, found: string): HostCheck {
  const remedy =
    'Let version-command print the version of what runs the guests in one line, or leave it out.';
  return { what: 'version-command', ok, found, remedy: ok ? undefined : remedy, required: true };
}

/** The first of what it prints is all that is kept. */
async function runVersion(run: Run, line: string, checkout: string, timeoutMs: number) {
  const shell = userShell();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const result = await runCommand(run, shell.command, shell.argumentsFor(line), {
    cwd: checkout,
    env: environmentOf('version', { SNAPGATE_CHECKOUT: checkout }),
    timeoutMs,
    onStdout: (chunk) => {
      if (bytes < keptBytes) chunks.push(chunk.subarray(0, keptBytes - bytes));
      bytes += chunk.length;
    },
  });
  return { ...result, head: Buffer.concat(chunks).toString('utf8') };
}

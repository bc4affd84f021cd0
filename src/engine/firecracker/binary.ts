import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { SnapgateError } from '../../host/error.ts';
import { findCommand, isExecutable, runCommand } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import type { FirecrackerSettings } from '../settings.ts';
import { plainWords } from '../vm/guest-failure.ts';
import { releaseBinary } from './release.ts';
import { type FirecrackerVersion, parseVersion, refusedVersion } from './version.ts';

/** A binary that says which release it is. */
export interface FoundBinary {
  readonly path: string;
  readonly version: FirecrackerVersion;
  /** The first line of what it says of itself. */
  readonly said: string;
}

/**
 * The Firecracker that the settings name: a path below the checkout, a command on the PATH, or a release.
 *
 * @throws SnapgateError `host` where there is none, or none that this engine drives
 */
export async function findFirecracker(
  run: Run,
  settings: FirecrackerSettings,
  checkout: string,
): Promise<FoundBinary> {
  const path =
    settings.version === undefined
      ? findBinary(settings.binary, checkout)
      : await releaseBinary(run, settings.version);
  return askVersion(run, path, 'Firecracker');
}

/** The jailer of a Firecracker: the one beside it that is named alike, or else on the PATH. Of the same release, since the two are made for each other. */
export async function findJailer(run: Run, firecracker: FoundBinary): Promise<FoundBinary> {
  const path = realpathSync(firecracker.path);
  const beside = join(dirname(path), basename(path).replace('firecracker', 'jailer'));
  const found = beside !== path && isExecutable(beside) ? beside : findCommand('jailer');
  if (found === undefined)
    throw new SnapgateError(
      'host',
      `there is no jailer beside ${path}, nor on the PATH`,
      'Put the jailer of the same release there: its archive holds both.',
    );
  const jailer = await askVersion(run, found, 'the jailer');
  const differs = (['major', 'minor', 'patch'] as const).some(
    (part) => jailer.version[part] !== firecracker.version[part],
  );
  if (!differs) return jailer;
  throw new SnapgateError(
    'host',
    `${found} says ${jailer.said}, and ${path} says ${firecracker.said}`,
    'Use a Firecracker and a jailer of the same release.',
  );
}

function findBinary(name: string, checkout: string): string {
  const path = name.includes('/') ? resolve(checkout, name) : findCommand(name);
  if (path !== undefined && isExecutable(path)) return path;
  const there = path !== undefined && existsSync(path);
  throw new SnapgateError(
    'host',
    there ? `${path} cannot be run` : `there is no ${name}${name.includes('/') ? '' : ' on the PATH'}`,
    there
      ? 'chmod +x makes it a program for its owner.'
      : 'Give firecracker-version, such as 1.12.1, for a release that is downloaded, or firecracker-binary, the path of one.',
  );
}

const answerMs = 10_000;

async function askVersion(run: Run, path: string, what: string): Promise<FoundBinary> {
  const { code, stdout, tail } = await runCommand(run, path, ['--version'], { timeoutMs: answerMs });
  const said = plainWords(stdout.slice(0, 200).split('\n')[0] ?? '', 60);
  const version = code === 0 ? parseVersion(said) : undefined;
  if (version === undefined)
    throw new SnapgateError(
      'host',
      `${path} does not say which ${what} it is`,
      'Name a binary of a release: `--version` must print its version.',
      { details: { title: `last lines of ${basename(path)} --version`, lines: tail.slice(-10) } },
    );
  const refused = refusedVersion(version);
  if (refused === undefined) return { path, version, said };
  throw new SnapgateError(
    'host',
    `${path} says ${said}: ${refused}`,
    'Use a release of Firecracker from 1.7.0 on.',
  );
}

import { createHash, randomUUID } from 'node:crypto';
import { chmodSync, closeSync, existsSync, lstatSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { errnoOf, messageOf, SnapgateError } from '../../host/error.ts';
import { mustRun } from '../../host/process.ts';
import { publish } from '../../host/publish.ts';
import type { Run } from '../../host/run.ts';
import { formatBytes, formatDuration } from '../../host/units.ts';

/** Names the address that releases are below, for a mirror of them: `BASE/v1.12.1/firecracker-v1.12.1-x86_64.tgz` and its `.sha256.txt`. */
export const releasesVariable = 'SNAPGATE_FIRECRACKER_RELEASES';
const releases = 'https://github.com/firecracker-microvm/firecracker/releases/download';

const maxArchiveBytes = 256 * 1024 ** 2;
const maxBinaryBytes = 128 * 1024 ** 2;
const maxChecksumBytes = 4096;
const limitMs = 300_000;
const maxRedirects = 5;

/**
 * The binary of a release, its jailer beside it: from the runner's tool cache (as @actions/tool-cache lays it out), from snapgate's own cache, or
 * downloaded into that, its checksum verified.
 *
 * @param version three numbers, such as `1.12.1`
 * @throws SnapgateError `host` where there is no such release, no network, or the archive is not what its checksum says
 */
export async function releaseBinary(run: Run, version: string): Promise<string> {
  if (process.arch !== 'x64')
    throw new SnapgateError(
      'host',
      `releases of Firecracker are fetched for x86-64, and this machine is ${process.arch}`,
      'Run this on an x86-64 machine.',
    );
  const dir = join(run.cacheDir, `firecracker-${version}-x86_64`);
  const known = findInToolCache(version) ?? findIn(dir, version);
  if (known !== undefined) return known;
  run.log.info(`downloading Firecracker ${version}`);
  const temporary = join(run.cacheDir, `tmp-firecracker-${run.id}-${randomUUID()}`);
  run.ledger.add({ kind: 'path', path: temporary });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  try {
    await fetchRelease(run, version, temporary);
    publish(temporary, dir);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
  const binary = findIn(dir, version);
  if (binary !== undefined) return binary;
  throw new Error(`the release in ${dir} is gone`);
}

const folderOf = (version: string) => `release-v${version}-x86_64`;
const fileOf = (name: string, version: string) => `${name}-v${version}-x86_64`;

/** `DIR/firecracker/1.12.1/x64`, whole where `x64.complete` stands beside it. */
function findInToolCache(version: string): string | undefined {
  const root = process.env['RUNNER_TOOL_CACHE'];
  if (root === undefined || root === '') return undefined;
  const dir = join(root, 'firecracker', version, 'x64');
  return existsSync(`${dir}.complete`) ? findIn(dir, version) : undefined;
}

/** As the archive has it, with its folder or without, or under its bare name. */
function findIn(dir: string, version: string): string | undefined {
  const name = fileOf('firecracker', version);
  const paths = [join(dir, folderOf(version), name), join(dir, name), join(dir, 'firecracker')];
  return paths.find((path) => existsSync(path));
}

async function fetchRelease(run: Run, version: string, dir: string): Promise<void> {
  const archive = `${fileOf('firecracker', version)}.tgz`;
  const address = `${baseAddress()}/v${version}/${archive}`;
  const checksum = await fetchChecksum(run, `${address}.sha256.txt`, version);
  const path = join(dir, archive);
  const found = await fetchFile(run, address, version, path);
  if (found !== checksum)
    throw new SnapgateError(
      'host',
      `${address} has the SHA-256 ${found}, and its checksum file says ${checksum}`,
      'Nothing of it was used. Try again; if it stays so, ask whoever runs the mirror.',
    );
  const members = ['firecracker', 'jailer'].map((name) => `${folderOf(version)}/${fileOf(name, version)}`);
  const unpack = ['tar', '--extract', '--gzip', '--no-same-owner', `--directory=${dir}`, `--file=${path}`];
  await mustRun(run, 'prlimit', [`--fsize=${maxBinaryBytes}`, '--', ...unpack, '--', ...members], {
    timeoutMs: limitMs,
  });
  for (const member of members) makeExecutable(join(dir, member), address);
  rmSync(path);
}

/** Not what a link in the archive leads to. */
function makeExecutable(path: string, address: string): void {
  if (!lstatSync(path).isFile())
    throw new SnapgateError(
      'host',
      `${basename(path)} in ${address} is no file`,
      'Nothing of it was used. Ask whoever runs the mirror.',
    );
  chmodSync(path, 0o755);
}

function baseAddress(): string {
  const given = process.env[releasesVariable];
  if (given === undefined || given === '') return releases;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url !== undefined && isSafe(url)) return given.replace(/\/+$/, '');
  throw new SnapgateError(
    'usage',
    `${releasesVariable} is no address that a binary is fetched from`,
    'Give one that begins with https://, with no user or password in it, which would be in logs.',
  );
}

/** Plain HTTP only to this machine, where a test or a proxy of the user's listens. Addresses are printed: none with a password. */
function isSafe({ protocol, hostname, username, password }: URL): boolean {
  if (username !== '' || password !== '') return false;
  return (
    protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname))
  );
}

/** `HASH  NAME`, one line. */
async function fetchChecksum(run: Run, address: string, version: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  await fetchInto(run, address, version, maxChecksumBytes, (chunk) => chunks.push(chunk));
  const checksum = /^([0-9a-f]{64})(?:\s|$)/i.exec(Buffer.concat(chunks).toString('latin1').trim())?.[1];
  if (checksum !== undefined) return checksum.toLowerCase();
  throw new SnapgateError('host', `${address} holds no SHA-256`, 'Ask whoever runs the mirror.');
}

/** Writes the file; its SHA-256. */
async function fetchFile(run: Run, address: string, version: string, path: string): Promise<string> {
  const hash = createHash('sha256');
  const fd = openSync(path, 'wx', 0o600);
  try {
    await fetchInto(run, address, version, maxArchiveBytes, (chunk) => {
      hash.update(chunk);
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    });
  } finally {
    closeSync(fd);
  }
  return hash.digest('hex');
}

async function fetchInto(
  run: Run,
  address: string,
  version: string,
  maxBytes: number,
  onChunk: (chunk: Uint8Array) => void,
): Promise<void> {
  const late = AbortSignal.timeout(limitMs);
  try {
    const response = await follow(address, AbortSignal.any([run.signal, late]));
    if (response.status === 404) throw noRelease(address, version);
    if (!response.ok || response.body === null) throw refused(address, `the answer is ${response.status}`);
    let bytes = 0;
    for await (const chunk of response.body) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw refused(address, `it is larger than ${formatBytes(maxBytes)}`);
      onChunk(chunk);
    }
  } catch (error) {
    run.signal.throwIfAborted();
    if (error instanceof SnapgateError || errnoOf(error) === 'ENOSPC') throw error;
    if (late.aborted) throw refused(address, `it took longer than ${formatDuration(limitMs)}`);
    throw refused(address, reasonOf(error));
  }
}

/** GitHub sends on to where it stores files. Each address is looked at before it is asked. */
async function follow(address: string, signal: AbortSignal): Promise<Response> {
  let at = new URL(address);
  for (let hop = 0; hop < maxRedirects; hop += 1) {
    if (!isSafe(at)) throw refused(address, `it leads to ${at.origin}`);
    const response = await fetch(at, { signal, redirect: 'manual' });
    const next = response.headers.get('location');
    if (response.status < 300 || response.status > 399 || next === null) return response;
    await response.body?.cancel();
    at = new URL(next, at);
  }
  throw refused(address, `it leads on more than ${maxRedirects} times`);
}

/** What fetch throws says `fetch failed`, and why in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return errnoOf(cause) ?? messageOf(cause);
}

function noRelease(address: string, version: string): SnapgateError {
  return new SnapgateError(
    'host',
    `there is no release ${version} of Firecracker for x86-64 at ${address}`,
    'https://github.com/firecracker-microvm/firecracker/releases has them all.',
  );
}

function refused(address: string, why: string): SnapgateError {
  return new SnapgateError(
    'host',
    `${address} cannot be fetched: ${why}`,
    `Check the network and its proxy; or put Firecracker into the image of the runner and give firecracker-binary, or a mirror's address in ${releasesVariable}.`,
  );
}

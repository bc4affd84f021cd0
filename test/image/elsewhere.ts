import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import type { RootfsSource } from '../../src/image/types.ts';
import { bzImage, mebibyte } from './workshop.ts';

export interface Elsewhere {
  /** The process's own: its work-dir, and its cache if `cacheDir` is not given. */
  readonly folder: string;
  readonly checkout: string;
  readonly rootfs: RootfsSource;
  readonly cacheDir?: string;
  readonly umask?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Command in front of node's: another user, another name space. */
  readonly prefix?: readonly string[];
}

const outcomeSchema = z.object({
  image: z.looseObject({ rootfsPath: z.string(), rootfsSha256: z.string() }).optional(),
  error: z
    .object({ code: z.string(), message: z.string(), remedy: z.string(), lines: z.array(z.string()) })
    .optional(),
  logged: z.array(z.string()),
});
export type Outcome = z.infer<typeof outcomeSchema>;

/** Builds an image in a process of its own. */
export async function buildElsewhere(build: Elsewhere): Promise<Outcome> {
  const { folder, checkout, rootfs } = build;
  mkdirSync(folder, { recursive: true });
  const kernel = join(folder, 'kernel');
  writeFileSync(kernel, bzImage('6.1.0-test'));
  const job = {
    workDir: join(folder, 'work'),
    cacheDir: build.cacheDir ?? join(folder, 'cache'),
    inputs: { rootfs, kernel, initrd: 'none', diskSizeBytes: 32 * mebibyte },
    options: { checkout, side: 'head', cacheLimitBytes: 1024 ** 3 },
  };
  const script = join(import.meta.dirname, 'build-script.ts');
  const shell = ['sh', '-c', `umask ${build.umask ?? '022'}; exec "$@"`, 'sh'];
  const words = [...(build.prefix ?? []), ...shell, process.execPath, script, JSON.stringify(job)];
  const { stdout } = await promisify(execFile)(words[0] ?? '', words.slice(1), {
    // Wherever it runs, buildah builds: a docker client finds no daemon.
    env: { ...process.env, DOCKER_HOST: 'unix:///nowhere/docker.sock', ...build.env },
    cwd: '/',
    timeout: 120_000,
  });
  return outcomeSchema.parse(JSON.parse(stdout));
}

export async function mustBuild(build: Elsewhere): Promise<string> {
  const { image, error } = await buildElsewhere(build);
  if (image) return image.rootfsPath;
  throw new Error(`the build failed: ${JSON.stringify(error)}`);
}

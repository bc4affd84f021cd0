import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { commitFiles, git, writeFiles } from '../../../baseline/repository.ts';

/** A checkout of what stands in for e2b's infra, beside the stand-ins of the programs that snapgate calls for it. */
export interface FakeInfra {
  readonly dir: string;
  /** Root of the repository: two commits, on `main` and on `change`, which is checked out. */
  readonly infra: string;
  /** A folder in no repository. */
  readonly elsewhere: string;
  readonly buckets: string;
  readonly env: NodeJS.ProcessEnv;
  /** A PATH with nothing on it but what the stand-ins and snapgate call, less one of these. */
  pathWithout(name: string): string;
  calls(): Call[];
}

const callSchema = z.object({
  tool: z.string(),
  args: z.array(z.string()),
  cwd: z.string(),
  env: z.object({ envd: z.string().optional(), base: z.string().optional(), secret: z.string().optional() }),
});
export type Call = z.infer<typeof callSchema>;

const template = 'packages/orchestrator/pkg/template/build/core/rootfs/files/journald.conf.tpl';

export function makeFakeInfra(base: string, head: string): FakeInfra {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'snapgate-e2b-')));
  const infra = join(dir, 'infra');
  writeFiles(infra, {
    'go.work': 'go 1.26\n\nuse ./packages/orchestrator\n',
    'packages/orchestrator/go.mod': 'module example/orchestrator\n',
    'packages/orchestrator/cmd/create-build/main.go': 'package main\n',
    'packages/orchestrator/cmd/resume-build/main.go': 'package main\n',
    [template]: base,
    '.gitignore': '.local-build\n',
  });
  git(infra, 'init', '--quiet');
  commitFiles(infra, {}, 'base');
  git(infra, 'checkout', '--quiet', '-b', 'change');
  commitFiles(infra, { [template]: head }, 'head');
  const [bin, elsewhere, buckets] = ['bin', 'elsewhere', 'buckets'].map((name) => join(dir, name));
  if (bin === undefined || elsewhere === undefined || buckets === undefined) throw new Error('three folders');
  mkdirSync(elsewhere);
  mkdirSync(join(buckets, 'my-bucket'), { recursive: true });
  writePrograms(bin);
  const calls = join(dir, 'calls');
  return {
    dir,
    infra,
    elsewhere,
    buckets,
    env: {
      ...process.env,
      PATH: `${bin}:${process.env['PATH']}`,
      HOME: dir,
      FAKE_BUCKETS: buckets,
      FAKE_CALLS: calls,
      GOOGLE_APPLICATION_CREDENTIALS: '/the/key.json',
      MY_API_KEY: 'not for the tools',
    },
    pathWithout: (name) => barePath(dir, bin, name),
    calls: () =>
      existsSync(calls)
        ? readFileSync(calls, 'utf8')
            .trim()
            .split('\n')
            .map((line) => callSchema.parse(JSON.parse(line)))
        : [],
  };
}

function writePrograms(bin: string): void {
  const program = (...lines: string[]) => ({ text: ['#!/bin/sh', ...lines, ''].join('\n'), mode: 0o755 });
  const standIn = (name: string, ...words: string[]) =>
    program(`exec ${[process.execPath, join(import.meta.dirname, name), ...words].join(' ')} "$@"`);
  writeFiles(bin, {
    go: standIn('fake-go.ts'),
    gcloud: program(`exec sh ${join(import.meta.dirname, 'fake-gcloud.sh')} gcloud "$@"`),
    gsutil: program(`exec sh ${join(import.meta.dirname, 'fake-gcloud.sh')} gsutil "$@"`),
    docker: program('# Stands in for an engine that runs.', 'echo 28.2.2'),
  });
}

function barePath(dir: string, bin: string, left: string): string {
  const path = join(dir, `without-${left}`);
  mkdirSync(path);
  const names = ['git', 'setpriv', 'prlimit', 'sh', 'bash', 'cp', 'rm', 'basename'];
  for (const name of names) symlinkSync(join('/usr/bin', name), join(path, name));
  for (const name of ['go', 'gcloud', 'gsutil', 'docker'])
    if (name !== left) symlinkSync(join(bin, name), join(path, name));
  return path;
}

/** Builds dist/ from src/: tsc emits lib/, ncc bundles each entry. `--check` builds beside it and compares instead. */
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '..');
const entries = ['main', 'post', 'cli', 'cache', 'compare-worker'];

const check = process.argv.includes('--check');
const target = join(root, check ? '.cache/dist' : 'dist');
build(target);
if (check) process.exitCode = compare(join(root, 'dist'), target);

function build(dist: string): void {
  rmSync(join(root, 'lib'), { recursive: true, force: true });
  rmSync(dist, { recursive: true, force: true });
  must('tsc', ['-p', 'tsconfig.build.json']);
  for (const entry of entries) {
    must('ncc', ['build', `lib/${entry}.js`, '-o', join(dist, entry), '-q', '--license', 'licenses.txt']);
  }
  chmodSync(join(dist, 'cli/index.js'), 0o755);
}

function must(command: string, args: string[]): void {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

function compare(committed: string, built: string): number {
  const names = new Set([...filesOf(committed), ...filesOf(built)]);
  const different = [...names].filter((name) => !sameFile(join(committed, name), join(built, name)));
  for (const name of different) console.error(`dist/${name} is not what src/ builds`);
  if (different.length > 0) console.error('Run: npm run build, and commit dist/.');
  else console.log(`dist/ is what src/ builds: ${names.size} files`);
  return different.length === 0 ? 0 : 1;
}

function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath, entry.name)));
}

function sameFile(a: string, b: string): boolean {
  try {
    return statSync(a).mode === statSync(b).mode && readFileSync(a).equals(readFileSync(b));
  } catch {
    return false;
  }
}

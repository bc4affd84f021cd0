/* A stand-in for `go build` of e2b's tools: what it makes is a script with the checkout's rootfs template in it, as go:embed would have it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { noteCall } from './layer-files.ts';

const [verb, flag, output = '', target = '', ...rest] = process.argv.slice(2);
noteCall('go', process.argv.slice(2));
const folder = join(process.cwd(), target);
if (verb !== 'build' || flag !== '-o' || rest.length > 0 || !target.startsWith('./')) {
  process.stderr.write(`go: the stand-in builds with -o only: ${process.argv.slice(2).join(' ')}\n`);
  process.exit(2);
}
if (!existsSync('go.work') || !existsSync(join(folder, 'main.go'))) {
  process.stderr.write(`stat ${folder}: directory not found\n`);
  process.exit(1);
}
if (readFileSync(join(folder, 'main.go'), 'utf8').includes('syntax error')) {
  process.stderr.write(
    `# ${target}\n${target}/main.go:3:1: syntax error: non-declaration statement outside function body\n`,
  );
  process.exit(1);
}
const template = readFileSync(
  'packages/orchestrator/pkg/template/build/core/rootfs/files/journald.conf.tpl',
  'utf8',
);
const program = join(import.meta.dirname, `fake-${basename(target)}.ts`);
const quoted = `'${template.replaceAll("'", "'\\''")}'`;
writeFileSync(output, `#!/bin/sh\nFAKE_TEMPLATE=${quoted} exec ${process.execPath} ${program} "$@"\n`, {
  mode: 0o755,
});

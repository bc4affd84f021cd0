import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { fixedTime } from './ext4.ts';
import { type FileTree, removePath, type TreeFile } from './file-tree.ts';

/**
 * Takes out of a tree what only says when and by what it was built: times after `fixedTime` become that, so that a build of the same
 * sources tomorrow is the same image. Python's compiled files carry the time of their source, and are kept true to it: else the
 * guest would compile them again in every cycle.
 */
export function normaliseTimes(tree: FileTree): void {
  normaliseDirectory(tree.root, new Set());
}

/** Removes what container engines leave to say "this is a container", which a guest is not: systemd looks for them. */
export function removeContainerMarks(tree: FileTree): void {
  for (const path of ['.dockerenv', 'run/.containerenv']) removePath(tree, path);
}

function normaliseDirectory(directory: TreeFile, seen: Set<TreeFile>): void {
  for (const [name, { file }] of directory.children) {
    if (file.kind === 'directory') normaliseDirectory(file, seen);
    else if (!seen.has(file)) {
      seen.add(file);
      if (file.mtime > fixedTime && name.endsWith('.py'))
        fixCompiled(directory, name.slice(0, -3), file.mtime);
      file.mtime = Math.min(file.mtime, fixedTime);
    }
  }
  directory.mtime = Math.min(directory.mtime, fixedTime);
}

/** `__pycache__/NAME.*.pyc` (PEP 3147) of a source whose time changes. */
function fixCompiled(directory: TreeFile, module: string, mtime: number): void {
  const compiled = directory.children.get('__pycache__')?.file.children ?? new Map<string, never>();
  for (const [name, { file }] of compiled) {
    const isOfModule = name.startsWith(`${module}.`) && name.endsWith('.pyc');
    if (isOfModule && file.contentPath !== undefined) fixCompiledFile(file.contentPath, mtime);
  }
}

/** PEP 552: magic, flags (zero where the source's time is what counts), time and size of the source, four bytes each. */
function fixCompiledFile(path: string, mtime: number): void {
  const fd = openSync(path, 'r+');
  try {
    const header = Buffer.alloc(16);
    const isWhole = readSync(fd, header, 0, 16, 0) === 16;
    if (!isWhole || header.readUInt32LE(4) !== 0 || header.readUInt32LE(8) !== mtime) return;
    header.writeUInt32LE(fixedTime, 8);
    writeSync(fd, header, 8, 4, 8);
  } finally {
    closeSync(fd);
  }
}

import { probeGuestBase64 } from '../vm/kvm-probe/guest.ts';

/** The sizes of elf(5)'s headers. */
const elf32 = { header: 52, program: 32 } as const;
const elf64 = { header: 64, program: 56 } as const;

/** The guest of ../vm/kvm-probe/guest.S as a 64-bit ELF, which is all that Firecracker loads; its code stays what it is. */
export function kvmGuest64(): Buffer {
  const source = Buffer.from(probeGuestBase64, 'base64');
  const programs = source.readUInt16LE(44);
  const contentAt = elf64.header + programs * elf64.program;
  const content = source.subarray(elf32.header + programs * elf32.program);
  const moved = contentAt - (elf32.header + programs * elf32.program);
  const file = Buffer.alloc(contentAt + content.length);
  writeHeader(file, source.readUInt32LE(24), programs);
  for (let index = 0; index < programs; index += 1)
    moveProgram(
      source,
      elf32.header + index * elf32.program,
      file,
      elf64.header + index * elf64.program,
      moved,
    );
  content.copy(file, contentAt);
  return file;
}

function writeHeader(file: Buffer, entry: number, programs: number): void {
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file);
  // ET_EXEC, EM_X86_64, version 1.
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(62, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(entry), 24);
  file.writeBigUInt64LE(BigInt(elf64.header), 32);
  file.writeUInt16LE(elf64.header, 52);
  file.writeUInt16LE(elf64.program, 54);
  file.writeUInt16LE(programs, 56);
}

/** Elf32_Phdr is type, offset, vaddr, paddr, filesz, memsz, flags, align; Elf64_Phdr has the flags behind the type. */
function moveProgram(source: Buffer, from: number, file: Buffer, to: number, moved: number): void {
  const field = (index: number) => source.readUInt32LE(from + index * 4);
  file.writeUInt32LE(field(0), to);
  file.writeUInt32LE(field(6), to + 4);
  const wide = [field(1) + moved, field(2), field(3), field(4), field(5), field(7)];
  wide.forEach((value, index) => {
    file.writeBigUInt64LE(BigInt(value), to + 8 + index * 8);
  });
}

# The guest that a host must boot under KVM before snapgate believes its /dev/kvm: what a stock kernel does in its first milliseconds and
# what a software KVM is known to lack. A 32-bit PVH kernel (XEN_ELFNOTE_PHYS32_ENTRY of xen/include/public/elfnote.h) that enters long
# mode, takes a trap, saves and restores the extended state, and counts to ten million in ring 0, which takes 10 ms, or minutes where each
# instruction is emulated. It then says K on its serial line, which is how Firecracker's is heard, and leaves by isa-debug-exit with status
# (0x10 << 1 | 1) = 33. Anything that it cannot do, and where there is no isa-debug-exit its end too, is a triple fault, which QEMU's -no-reboot and
# Firecracker make an exit with status 0.
#
#   as --32 -o guest.o guest.S && ld -m elf_i386 -n -s --build-id=none --no-warn-rwx-segments -T guest.ld -o guest.elf guest.o

        .set EFER, 0xc0000080
        .set GS_BASE, 0xc0000101
        .set EXIT_PORT, 0xf4
        .set COM1, 0x3f8

        # Memory that a fresh machine has zeroed; outside the file, which is carried in the source.
        .set pml4, 0x200000
        .set pdpt, 0x201000
        .set directory, 0x202000
        .set xsave_area, 0x203000
        .set stack_end, 0x206000

        .section .note.pvh, "a", @note
        .align 4
        .long 4, 4, 18
        .asciz "Xen"
        .long start

        .text
        .code32
        .globl _start
_start:
start:
        cli
        cld
        mov $stack_end, %esp
        movl $pdpt + 3, pml4
        movl $directory + 3, pdpt
        mov $0x83, %eax                 # present, writable, 2 MiB
        mov $directory, %edi
        mov $512, %ecx
1:      mov %eax, (%edi)
        add $0x200000, %eax
        add $8, %edi
        loop 1b

        mov %cr4, %eax
        or $0x620, %eax                 # PAE, OSFXSR, OSXMMEXCPT
        mov %eax, %cr4
        mov $pml4, %eax
        mov %eax, %cr3
        mov $EFER, %ecx
        rdmsr
        or $0x100, %eax                 # LME
        wrmsr
        mov $0x80010033, %eax           # PG, WP, NE, ET, MP, PE
        mov %eax, %cr0
        lgdt gdt_pointer
        ljmp $8, $long

        .code64
long:
        mov $16, %eax
        mov %eax, %ds
        mov %eax, %es
        mov %eax, %ss
        mov $idt, %edi                  # 32-bit relocations only: addresses go through registers
        mov $on_trap, %eax
        mov %ax, 48(%rdi)
        shr $16, %eax
        mov %ax, 54(%rdi)
        mov $idt_pointer, %eax
        lidt (%rax)
        xor %esi, %esi
        int3
        cmp $1, %esi
        jne broken

        mov $GS_BASE, %ecx
        xor %edx, %edx
        mov $0x1000, %eax
        wrmsr
        swapgs
        swapgs
        rdmsr
        cmp $0x1000, %eax
        jne broken

        mov $1, %eax
        cpuid
        bt $26, %ecx                    # XSAVE
        jnc count
        mov %cr4, %rax
        or $0x40000, %rax               # OSXSAVE
        mov %rax, %cr4
        xor %ecx, %ecx
        xgetbv
        or $3, %eax
        xsetbv
        mov $3, %eax
        xor %edx, %edx
        mov $xsave_area, %edi
        xsave64 (%rdi)
        mov $3, %eax
        xor %edx, %edx
        xrstor64 (%rdi)

count:
        mov $10000000, %ecx
1:      dec %ecx
        jnz 1b
        mov %cr3, %rax
        mov %rax, %cr3
        mov $COM1, %edx
        mov $'K', %al
        out %al, (%dx)
        mov $0x10, %al
        out %al, $EXIT_PORT
broken:
        mov $no_idt, %eax
        lidt (%rax)
        ud2

on_trap:
        inc %esi
        iretq

        .data
        .align 8
gdt:
        .quad 0
        .quad 0x00af9a000000ffff        # 64-bit code
        .quad 0x00cf92000000ffff        # data
gdt_pointer:
        .word 23
        .long gdt
        .align 16
idt:
        .quad 0, 0, 0, 0, 0, 0
        .word 0, 8, 0x8e00, 0           # vector 3: an interrupt gate
        .quad 0
idt_pointer:
        .word 63
        .long idt, 0
no_idt:
        .word 0
        .quad 0

# The oracle guest: a machine whose every written page is known, because each one was ordered.
#
# A 32-bit PVH kernel (entry by ELF note XEN_ELFNOTE_PHYS32_ENTRY, xen/include/public/elfnote.h) in flat protected mode. It
# has no paging (so the processor sets no accessed or dirty bits in memory), no interrupts, no stack and no
# variables: an order's parameters live in registers, debug registers and CR2, and between orders the guest polls a
# UART. It therefore writes to memory nothing but the pages it is told to. A snapshot taken between orders resumes in the
# polling loop.
#
# Order, as little-endian u32 words: start, span, mask, multiplier, increment, x, salt, count, and
# operation | first << 8 | dwords << 20: what to do with `dwords` dwords of each page, beginning at dword `first`. (A few dwords
# are enough to dirty a page, and matter where a KVM without nested paging emulates every instruction.)
# Pages: x is taken through x = (x * multiplier + increment) & mask, and those below span give page number start + x,
# until there were count of them. With mask 2^k - 1, an odd increment and multiplier % 4 == 1 all are distinct
# (Hull-Dobell); multiplier 1 and increment 1 are contiguous pages.
# Answer: 'K' and one u32: the sum of `read`, the value of `count`, else 0. At power-on it says 'R'.

        .set UART_DATA, 0x3f8
        .set UART_FIFO, 0x3fa
        .set UART_STATUS, 0x3fd

        .section .note.pvh, "a", @note
        .align 4
        .long 4, 4, 18
        .asciz "Xen"
        .long start

        .text
        .code32
        .globl start

        # Receives a u32 into \into. Clobbers eax, ecx, edx, edi.
        .macro receive into
        mov $9f, %ebp
        jmp receive_word
9:      mov %edi, \into
        .endm

start:
        cli
        cld
        mov $UART_FIFO, %edx
        mov $1, %al
        out %al, %dx
        mov $'R', %al
        mov $order, %ebp
        jmp send_byte

order:
        receive %eax
        mov %eax, %dr0                  # start
        receive %eax
        mov %eax, %dr1                  # span
        receive %eax
        mov %eax, %cr2                  # mask
        receive %eax
        mov %eax, %dr2                  # multiplier
        receive %eax
        mov %eax, %dr3                  # increment
        receive %ebx                    # x
        receive %esp                    # salt
        receive %esi                    # count
        receive %ebp                    # operation
        xor %edx, %edx                  # the answer
        mov %ebp, %eax
        and $0xff, %eax
        cmp $8, %eax
        je op_count

next:
        test %esi, %esi
        jz answer
        mov %dr1, %eax
        cmp %eax, %ebx
        jae step
        dec %esi
        mov %dr0, %edi
        add %ebx, %edi
        shl $10, %edi
        mov %ebp, %eax
        shr $8, %eax
        and $0x3ff, %eax
        add %eax, %edi
        shl $2, %edi                    # address of the first dword
        mov %ebp, %ecx
        shr $20, %ecx                   # dwords
        mov %ebp, %eax
        and $0xff, %eax
        cmp $1, %eax
        je op_read
        cmp $2, %eax
        je op_same
        cmp $3, %eax
        je op_zero
        cmp $4, %eax
        je op_fill
        cmp $5, %eax
        je op_noise
        cmp $6, %eax
        je op_flip
        cmp $7, %eax
        je op_touch
step:
        mov %dr2, %eax
        imul %eax, %ebx
        mov %dr3, %eax
        add %eax, %ebx
        mov %cr2, %eax
        and %eax, %ebx
        jmp next

op_read:                                # sum = rotate-left(sum, 1) + dword
        rol $1, %edx
        add (%edi), %edx
        add $4, %edi
        dec %ecx
        jnz op_read
        jmp step

op_same:                                # every dword is written with what it holds
        mov (%edi), %eax
        stosl
        dec %ecx
        jnz op_same
        jmp step

op_zero:
        xor %eax, %eax
        rep stosl
        jmp step

        # eax = (page number * 0x9e3779b1 + salt) | 1
        .macro seed
        mov %edi, %eax
        shr $12, %eax
        imul $0x9e3779b1, %eax, %eax
        add %esp, %eax
        or $1, %eax
        .endm

op_fill:                                # one value in all dwords
        seed
        rep stosl
        jmp step

op_noise:                               # xorshift32 (Marsaglia 2003: 13, 17, 5)
        seed
1:      mov %eax, %edx
        shl $13, %edx
        xor %edx, %eax
        mov %eax, %edx
        shr $17, %edx
        xor %edx, %eax
        mov %eax, %edx
        shl $5, %edx
        xor %edx, %eax
        stosl
        dec %ecx
        jnz 1b
        xor %edx, %edx
        jmp step

op_flip:                                # inverts one byte, that at offset salt from the first
        add %esp, %edi
        notb (%edi)
        jmp step

op_touch:                               # writes that byte with what it holds
        add %esp, %edi
        mov (%edi), %al
        mov %al, (%edi)
        jmp step

op_count:                               # adds one to the guest's only variable
        incl counter
        mov counter, %edx

answer:
        mov %edx, %ebx
        mov $'K', %al
        mov $1f, %ebp
        jmp send_byte
1:      mov $4, %esi
2:      mov %bl, %al
        mov $3f, %ebp
        jmp send_byte
3:      shr $8, %ebx
        dec %esi
        jnz 2b
        jmp order

receive_word:
        mov $4, %ecx
1:      mov $UART_STATUS, %edx
2:      pause
        in %dx, %al
        test $1, %al
        jz 2b
        mov $UART_DATA, %edx
        in %dx, %al
        shl $24, %eax
        shr $8, %edi
        or %eax, %edi
        dec %ecx
        jnz 1b
        jmp *%ebp

send_byte:                              # al
        mov %al, %ah
        mov $UART_STATUS, %edx
1:      in %dx, %al
        test $0x20, %al
        jz 1b
        mov $UART_DATA, %edx
        mov %ah, %al
        out %al, %dx
        jmp *%ebp

        .section .counter, "aw", @progbits
counter:
        .long 0

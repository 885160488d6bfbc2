/* The compiler's division of 32-bit integers by the chip's divider: 8 cycles in place of some 100 (datasheet 2.3.1.5).
 * No interrupt divides, so none can come between a question and its answer. Quotient in r0, remainder in r1. */
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ SIO, 0xD0000000
    .equ UNSIGNED_DIVIDEND, 0x60
    .equ UNSIGNED_DIVISOR, 0x64
    .equ SIGNED_DIVIDEND, 0x68
    .equ SIGNED_DIVISOR, 0x6C
    .equ QUOTIENT, 0x70
    .equ REMAINDER, 0x74

    .section .text.divide, "ax"

.macro divide dividend, divisor
    ldr r2, =SIO
    str r0, [r2, #\dividend]
    str r1, [r2, #\divisor]
    b 1f /* two cycles each: the answer is there after eight */
1:  b 1f
1:  b 1f
1:  b 1f
1:  ldr r1, [r2, #REMAINDER]
    ldr r0, [r2, #QUOTIENT]
    bx lr
.endm

    .global __aeabi_uidiv
    .global __aeabi_uidivmod
    .thumb_func
__aeabi_uidiv:
    .thumb_func
__aeabi_uidivmod:
    divide UNSIGNED_DIVIDEND, UNSIGNED_DIVISOR

    .global __aeabi_idiv
    .global __aeabi_idivmod
    .thumb_func
__aeabi_idiv:
    .thumb_func
__aeabi_idivmod:
    divide SIGNED_DIVIDEND, SIGNED_DIVISOR
    .ltorg

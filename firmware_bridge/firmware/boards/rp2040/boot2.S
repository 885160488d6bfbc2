/* Second stage: the boot ROM copies the flash's first 256 bytes to RAM, checks their CRC, and jumps to them with a
 * return address of 0. This one makes the flash readable in place with the command 03h, which every flash chip knows,
 * at 125 MHz / 4, and starts the program that lies behind it. Everything is relative: it runs wherever it lies. */
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ SSI, 0x18000000 /* RP2040 datasheet 4.10 */
    .equ CTRLR0, 0x00
    .equ CTRLR1, 0x04
    .equ SSIENR, 0x08
    .equ BAUDR, 0x14
    .equ SPI_CTRLR0_FROM_BAUDR, 0xE0 /* SPI_CTRLR0 is at 0xF4, out of reach of a store relative to SSI */

    .section .boot2, "ax"
    .global boot2
    .thumb_func
boot2:
    ldr r3, ssi
    movs r0, #0
    str r0, [r3, #SSIENR]
    movs r1, #4
    str r1, [r3, #BAUDR]
    ldr r1, ctrlr0
    str r1, [r3, #CTRLR0]
    str r0, [r3, #CTRLR1]
    movs r2, r3
    adds r2, #BAUDR
    adds r2, #SPI_CTRLR0_FROM_BAUDR
    ldr r1, spi_ctrlr0
    str r1, [r2]
    movs r1, #1
    str r1, [r3, #SSIENR]
    ldr r0, vectors
    ldr r1, vtor
    str r0, [r1]
    ldmia r0!, {r1, r2}
    msr msp, r1
    bx r2
    .balign 4
ssi:
    .word SSI
ctrlr0:
    .word (31 << 16) | (3 << 8) /* frames of 32 bits, standard SPI, command and address out before data in */
spi_ctrlr0:
    .word (0x03 << 24) | (2 << 8) | (6 << 2) /* read; 8 bits of command; 6 x 4 bits of address; no wait cycles */
vectors:
    .word 0x10000100
vtor:
    .word 0xE000ED08

/* The RP2040's registers that this firmware uses, named as in the RP2040 datasheet (Raspberry Pi Ltd). */
#ifndef MANDIBLE_RP2040_H
#define MANDIBLE_RP2040_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))
/* Every peripheral's registers appear again where a write sets, or clears, only the bits that are 1 (2.1.2). */
#define SET_BITS(address) REGISTER((address) + 0x2000u)
#define CLEAR_BITS(address) REGISTER((address) + 0x3000u)

#define CRYSTAL_HZ 12000000u
#define SYSTEM_HZ 125000000u
#define SYSTEM_MHZ 125u

/* 2.14 subsystem resets */
#define RESETS_RESET 0x4000C000u
#define RESETS_WDSEL 0x4000C004u
#define RESETS_DONE 0x4000C008u
#define RESET_IO_BANK0 (1u << 5)
#define RESET_PADS_BANK0 (1u << 8)
#define RESET_PLL_SYS (1u << 12)
#define RESET_PLL_USB (1u << 13)
#define RESET_PWM (1u << 14)
#define RESET_TIMER (1u << 21)
#define RESET_UART0 (1u << 22)
#define RESET_USBCTRL (1u << 24)

/* 2.13 power-on state machine */
#define PSM_WDSEL 0x40010008u
#define PSM_EVERYTHING_BUT_OSCILLATORS 0x0001FFFCu

/* 2.16 crystal oscillator */
#define XOSC_CTRL 0x40024000u
#define XOSC_STATUS 0x40024004u
#define XOSC_STARTUP 0x4002400Cu
#define XOSC_1_TO_15_MHZ 0xAA0u
#define XOSC_ENABLE (0xFABu << 12)
#define XOSC_STABLE (1u << 31)

/* 2.15 clocks */
#define CLK_REF_CTRL 0x40008030u
#define CLK_REF_SELECTED 0x40008038u
#define CLK_SYS_CTRL 0x4000803Cu
#define CLK_SYS_SELECTED 0x40008044u
#define CLK_PERI_CTRL 0x40008048u
#define CLK_USB_CTRL 0x40008054u
#define CLK_SOURCE 3u
#define CLK_REF_FROM_CRYSTAL 2u
#define CLK_SYS_FROM_AUXILIARY 1u /* and its auxiliary source 0 is the system PLL */
#define CLK_ENABLE (1u << 11)

/* 2.18 PLLs */
#define PLL_SYS 0x40028000u
#define PLL_USB 0x4002C000u
#define PLL_CS 0x0u
#define PLL_PWR 0x4u
#define PLL_FBDIV 0x8u
#define PLL_PRIM 0xCu
#define PLL_LOCK (1u << 31)
#define PLL_OFF_CORE (1u << 0)
#define PLL_OFF_DIVIDERS (1u << 3)
#define PLL_OFF_VCO (1u << 5)

/* 4.7 watchdog */
#define WATCHDOG_CTRL 0x40058000u
#define WATCHDOG_LOAD 0x40058004u
#define WATCHDOG_TICK 0x4005802Cu
#define WATCHDOG_TRIGGER (1u << 31)
#define WATCHDOG_ENABLE (1u << 30)
#define WATCHDOG_PAUSES (7u << 24)
#define WATCHDOG_TICK_ENABLE (1u << 9)

/* 4.6 timer */
#define TIMER_ALARM0 0x40054010u
#define TIMER_ALARM1 0x40054014u
#define TIMER_RAW_HIGH 0x40054024u
#define TIMER_RAW_LOW 0x40054028u
#define TIMER_INTR 0x40054034u
#define TIMER_INTE 0x40054038u

/* 2.19 pins */
#define IO_CTRL(pin) (0x40014004u + 8u * (pin))
#define IO_QSPI_SS_CTRL 0x4001800Cu
#define IO_QSPI_OUTPUT_LOW (2u << 8)
#define IO_QSPI_OUTPUT_HIGH (3u << 8)
#define IO_QSPI_OUTPUT_MASK (3u << 8)
#define PADS(pin) (0x4001C004u + 4u * (pin))
#define PAD_INPUT (1u << 6)
#define PAD_4_MA (1u << 4)
#define PAD_PULL_UP (1u << 3)
#define PAD_PULL_DOWN (1u << 2)
#define PAD_SCHMITT (1u << 1)
#define FUNCTION_UART 2u
#define FUNCTION_PWM 4u
#define FUNCTION_SIO 5u
#define FUNCTION_NONE 31u
#define SIO_GPIO_IN 0xD0000004u

/* 4.5 PWM: slice n has channel A on pin 2n and B on pin 2n + 1 */
#define PWM_SLICE(n) (0x40050000u + 0x14u * (n))
#define PWM_CSR 0x0u
#define PWM_DIV 0x4u
#define PWM_CTR 0x8u
#define PWM_CC 0xCu
#define PWM_TOP 0x10u
#define PWM_EN 0x400500A0u

/* 4.2 UART: ARM PL011 */
#define UART_DATA 0x40034000u
#define UART_FLAGS 0x40034018u
#define UART_IBRD 0x40034024u
#define UART_FBRD 0x40034028u
#define UART_LINE 0x4003402Cu
#define UART_CTRL 0x40034030u
#define UART_IFLS 0x40034034u
#define UART_IMSC 0x40034038u
#define UART_ICR 0x40034044u
#define UART_SEND_FULL (1u << 5)
#define UART_RECEIVE_EMPTY (1u << 4)
#define UART_FRAMING_ERROR (1u << 8)
#define UART_OVERRUN (1u << 11)
#define UART_8_BITS (3u << 5)
#define UART_FIFOS (1u << 4)
#define UART_ON 0x301u /* receiver, transmitter, all of it */
#define UART_INT_RECEIVE (1u << 4)
#define UART_INT_SEND (1u << 5)
#define UART_INT_TIMEOUT (1u << 6)

/* 4.10 SSI: the flash's serial interface */
#define SSI_STATUS 0x18000028u
#define SSI_DATA 0x18000060u
#define SSI_CAN_SEND (1u << 1)
#define SSI_CAN_RECEIVE (1u << 3)
#define FLASH_AT 0x10000000u

/* 4.1 USB */
#define USB_MEMORY 0x50100000u
#define USB_REGISTERS 0x50110000u
#define USB_ADDRESS (USB_REGISTERS + 0x00u)
#define USB_MAIN_CTRL (USB_REGISTERS + 0x40u)
#define USB_SIE_CTRL (USB_REGISTERS + 0x4Cu)
#define USB_SIE_STATUS (USB_REGISTERS + 0x50u)
#define USB_BUFFER_STATUS (USB_REGISTERS + 0x58u)
#define USB_STALL_ARM (USB_REGISTERS + 0x68u)
#define USB_MUXING (USB_REGISTERS + 0x74u)
#define USB_POWER (USB_REGISTERS + 0x78u)
#define USB_INTE (USB_REGISTERS + 0x90u)
#define USB_INTS (USB_REGISTERS + 0x98u)

/* ARMv6-M */
#define NVIC_ENABLE 0xE000E100u
#define VECTOR_TABLE 0xE000ED08u
#define IRQ_TIMER_0 0u
#define IRQ_TIMER_1 1u
#define IRQ_USB 5u
#define IRQ_UART0 20u

/* Switches interrupts off and returns what to give to interrupts_restore. */
static inline uint32_t interrupts_off(void)
{
    uint32_t before;
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(before) : : "memory");
    return before;
}

static inline void interrupts_restore(uint32_t before)
{
    __asm volatile("msr primask, %0" : : "r"(before) : "memory");
}

#endif
